"""facetrial completion bash|zsh: prints what has the shell complete the words of `facetrial`."""

import os
import runpy
import sys

from facetrial.commands.main import COMMANDS
from facetrial.runtime.started import config_folder

_BASH = """\
_facetrial() {
    local line="${COMP_LINE:0:$COMP_POINT}" typed kept="" found
    typed="${line##* }"
    # A shell that ends words at "=" replaces what comes after it alone.
    case "$COMP_WORDBREAKS:$typed" in *=*:*=*) kept="${typed%"${typed##*=}"}" ;; esac
    COMPREPLY=()
    for found in $(facetrial completion of "$line" 2>/dev/null); do
        case "$found" in "$typed"*) COMPREPLY+=("${found#"$kept"}") ;; esac
    done
}
complete -o nospace -o default -F _facetrial facetrial
"""
_PICTURES = {"photo": 1, "verify": 2}
_COMMON = ("--people", "--attack", "--eps", "--face", "--out")
_OPTIONS = {"photo": _COMMON, "verify": (*_COMMON, "--threshold")}
_SCRIPTS = {"bash": _BASH, "zsh": f"autoload -U +X bashcompinit && bashcompinit\n{_BASH}"}


def main() -> None:
    match sys.argv[1:]:
        case [shell] if shell in _SCRIPTS:
            print(_SCRIPTS[shell], end="")
        case ["of", line]:
            _print_words(line)
        case _:
            sys.exit(
                'facetrial completion prints what has a shell complete words: put eval "$(facetrial completion '
                'bash)" into ~/.bashrc, or eval "$(facetrial completion zsh)" into ~/.zshrc.'
            )


def _print_words(line: str) -> None:
    """Prints what the last word of a line that begins with `facetrial` may become."""
    _, *words = line.split(" ")
    command = words[0] if words else ""
    if len(words) < 2:
        print("\n".join(COMMANDS))
    elif command in ("evaluate", "train"):
        _print_settings(command, words[1:])
    elif command in _OPTIONS:
        _print_words_of_photos(command, words[1:])
    elif command == "models":
        print("--json")
    elif command == "completion":
        print("\n".join(_SCRIPTS))


def _print_settings(command: str, words: list[str]) -> None:
    """Prints what Hydra completes the last word to."""
    os.environ["COMP_LINE"] = " ".join(["facetrial", *words])
    sys.argv[1:] = ["--shell-completion", "query=bash"]
    runpy.run_module(f"{__package__}.{command}", run_name="__main__", alter_sys=True)


def _print_words_of_photos(command: str, words: list[str]) -> None:
    """Prints options, the values of one, or settings; nothing where a file is due, which the shell completes."""
    *before, last = words
    option = before[-1] if before and before[-1].startswith("--") else None
    pictures = [
        word
        for word, previous in zip(before, ["", *before], strict=False)
        if "=" not in word and not word.startswith("--") and not previous.startswith("--")
    ]
    if option in ("--attack", "--face"):
        attacks = (file.stem for file in (config_folder() / "attack").glob("*.yaml"))
        print("\n".join(sorted(attacks) if option == "--attack" else ["central", "largest"]))
    elif option is None and last.startswith("-"):
        print("\n".join(_OPTIONS[command]))
    elif option is None and len(pictures) >= _PICTURES[command]:
        _print_settings("evaluate", [*(word for word in before if "=" in word), last])


if __name__ == "__main__":
    main()
