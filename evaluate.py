"""python evaluate.py attack=landmarks defense=adv: puts a recogniser on trial, as `facetrial evaluate` does."""

from facetrial.commands.evaluate import start

if __name__ == "__main__":
    start()
