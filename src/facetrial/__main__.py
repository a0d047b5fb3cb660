"""python -m facetrial: the command `facetrial`."""

from facetrial.commands.main import main

if __name__ == "__main__":
    main()
