"""facetrial COMMAND WORDS: hands the words on to the command."""

import difflib
import runpy
import sys

from facetrial.core.version import VERSION

# What each module of this package that is a command does, in a line.
COMMANDS = {
    "evaluate": "puts a recogniser on trial: attacks it, and reports what is left",
    "train": "trains a recogniser or a landmark network; `evaluate` trains what it lacks by itself",
    "photo": "who is on one photograph, attacked or not: photo ann.jpg --people PEOPLE --attack pgd",
    "verify": "whether two photographs are of one person: verify a.jpg b.jpg",
    "models": "recognisers that there are weights of: size, faces, licence, source, LFW, checksum",
    "completion": 'has bash or zsh complete words: eval "$(facetrial completion bash)"',
}

_LISTED = "\n".join(f"  {name:<12} {does}" for name, does in COMMANDS.items())
_HELP = f"""\
facetrial {VERSION}: how easily is a face recogniser fooled, and what helps?

  facetrial evaluate                                           drawn faces, noise: needs nothing
  facetrial evaluate attack=landmarks defense=adv              noise on the landmarks, and a defence
  facetrial evaluate data=folder data.root=PEOPLE attack=pgd   your people, a folder of photographs each

Commands:
{_LISTED}

  facetrial COMMAND --help   its settings, and what each is now
  facetrial --version        the version

Results go to outputs/, models to models/, what is computed once to cache/, all of the folder that you start in."""


def main() -> None:
    """Runs what the words of the command line ask for.

    A command is run as `python -m facetrial.commands.COMMAND` runs it: so Lightning starts the processes of further
    devices, and Hydra those of a sweep.
    """
    name, *words = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help", "help"):
        print(_HELP)
    elif name == "--version":
        print(f"facetrial {VERSION}")
    elif name in COMMANDS:
        sys.argv[1:] = words
        runpy.run_module(f"{__package__}.{name}", run_name="__main__", alter_sys=True)
    else:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        meant = f"Did you mean {near[0]}?" if near else f"There are {', '.join(COMMANDS)}."
        if "=" in name:
            meant = f"Settings come after the command: facetrial evaluate {name}."
        sys.exit(f"facetrial has no command {name!r}. {meant} facetrial --help says what each does.")
