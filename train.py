"""python train.py model=landmarks|recognizer: trains one of the two networks, as `facetrial train` does."""

from facetrial.commands.train import start

if __name__ == "__main__":
    start()
