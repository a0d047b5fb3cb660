"""facetrial completion bash|zsh: prints what has the shell complete the words of `facetrial`."""

import os
import runpy
import sys

from facetrial.commands.main import COMMANDS

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
        os.environ["COMP_LINE"] = " ".join(["facetrial", *words[1:]])
        sys.argv[1:] = ["--shell-completion", "query=bash"]
        runpy.run_module(f"{__package__}.{command}", run_name="__main__", alter_sys=True)
    elif command == "models":
        print("--json")
    elif command == "completion":
        print("\n".join(_SCRIPTS))


if __name__ == "__main__":
    main()
