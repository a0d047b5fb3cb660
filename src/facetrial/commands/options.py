"""What `facetrial photo` and `facetrial verify` are told: options, most of them short for a setting, and settings."""

import argparse
import contextlib
import difflib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from omegaconf import DictConfig

from facetrial.attacks.result import Attacked
from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.core.files import check_writable, written_whole
from facetrial.report.rendering.html import png
from facetrial.report.rendering.theme import save_figure
from facetrial.report.strength import strength_in_words
from facetrial.run.context import TrialContext
from facetrial.runtime.cli import run_from_command_line
from facetrial.runtime.started import config_folder, started_by

_FOLDER = Path("outputs") / "photo"
_USUAL = (
    "data=folder", "model=transfer", "landmarks=mtcnn", "logger=none", "callbacks=none",
    "trainer.enable_progress_bar=false",
)  # fmt: skip
# Settings of a whole trial, which one photograph has no use for.
_OF_TRIALS = ("task", "checks", "certificate", "physical", "gate", "resume", "debug", "experiment")
_OF_ATTACKS = re.compile(r"\+?(attack[./@]|goal|save_images)")
_SETTINGS = """\
Words after these are settings of `facetrial evaluate`, such as embedder=edgeface embedder.weights=FILE
attack/region=eyes seed=1; `facetrial evaluate --help` lists them.
"""


def new_parser(
    command: str, says: str, pictures: Sequence[str], examples: Sequence[str]
) -> argparse.ArgumentParser:
    """A parser with the options that both commands have.

    Args:
        command: "photo" or "verify".
        says: what it does.
        pictures: what each photograph is that it takes.
        examples: of its words.
    """
    listed = "\n".join(f"  facetrial {command} {example}" for example in examples)
    parser = argparse.ArgumentParser(
        f"facetrial {command}",
        description=f"{says}\n\n{listed}",
        epilog=_SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    for number, picture in enumerate(pictures):
        add(f"picture{number}", metavar="PICTURE", type=Path, help=picture)
    add("--people", metavar="PEOPLE", help="a folder with one folder of photographs a person (data.root)")
    add("--attack", metavar="NAME", help="how it is attacked: pgd, landmarks, random, … (attack)")
    add("--eps", metavar="SIZE", type=_number, help="how much: of linf, in 1/255 (attack.budget.eps)")
    add("--face", choices=("largest", "central"), help="which of several faces is meant (data.face)")
    add("--out", metavar="FILE", type=Path, help=f"the PNG that shows the attack; else in {_FOLDER}/")
    return parser


class Asked:
    """What a command is asked.

    Args:
        parser: of `new_parser`.
        words: of its command line; None is this process's.

    Attributes:
        options: by name.
        settings: as of `facetrial evaluate`.
        pictures: the photographs.
        attacked: whether an attack is named.
        one_of_several: whether it is said which of several faces is meant.

    Raises:
        FacetrialError: the words do not fit together.
        SystemExit: they cannot be read.
    """

    def __init__(self, parser: argparse.ArgumentParser, words: Sequence[str] | None = None) -> None:
        parser.add_argument("settings", nargs="*", metavar="SETTING=VALUE", help="as of `facetrial evaluate`")
        self.options = parser.parse_intermixed_args(words)
        self.settings: list[str] = self.options.settings
        self.pictures = [path for name, path in vars(self.options).items() if name.startswith("picture")]
        self.one_of_several: bool = self.options.face is not None
        for picture in self.pictures:
            if "=" in str(picture) and not picture.exists():
                parser.error(f"expected a PICTURE before the settings, found {str(picture)!r}")
        for word in self.settings:
            if "=" not in word and not word.startswith("~"):
                parser.error(f"{word!r} is neither an option nor a setting NAME=VALUE")
            if (key := re.split(r"[./@=]", word.lstrip("+~"))[0]) in _OF_TRIALS:
                raise FacetrialError(f"{word}: {key} is of whole trials, facetrial evaluate. Leave it out.")
        self.attacked = self._names_attack()
        if self.attacked:
            self._check_place()

    @contextlib.contextmanager
    def trial(self) -> Iterator[TrialContext]:
        """The trial that options and settings describe.

        Raises:
            FacetrialError: they describe none.
        """
        with started_by(self._words(), _FOLDER, "the settings have no meaning") as config:
            if self.options.people is not None:
                if "root" not in config.data:
                    raise FacetrialError("--people names a folder, and these data have none. Leave data out.")
                config.data.root = self.options.people
            if self.options.eps is not None:
                _set_eps(config.attack.budget, self.options.eps)
            yield TrialContext(config, _FOLDER)

    def save(self, context: TrialContext, figure: Figure, change: Attacked) -> list[str]:
        """Writes the figure, and with `save_images=true` the attacked face alone; sentences that tell where."""
        if context.private:
            return ["privacy=on: no picture is written."]
        place = self.options.out or self._usual_place()
        save_figure(figure, place)
        said = [f"Saved: {place}"]
        if context.images_folder is not None:
            face = _of_face(place)
            with written_whole(face) as temporary:
                temporary.write_bytes(png(change.saved[0].cpu().numpy()))
            said.append(f"The attacked face alone, in 8 bits: {face}")
        return said

    def _names_attack(self) -> bool:
        named = self.options.attack is not None or any(word.startswith("attack=") for word in self.settings)
        parts = [f"--{name}" for name in ("eps", "out") if getattr(self.options, name) is not None]
        parts += [word for word in self.settings if _OF_ATTACKS.match(word)]
        if parts and not named:
            raise FacetrialError(
                f"{parts[0]} is of an attack, and none is named. Give one, such as --attack pgd."
            )
        return named

    def _check_place(self) -> None:
        place = self.options.out
        if place is None:
            return
        if place.suffix.lower() != ".png":
            raise FacetrialError(f"--out {place} must end in .png, as the picture that is written.")
        saves_face = any(word.startswith("save_images=") for word in self.settings)
        for path in (place, _of_face(place)) if saves_face else (place,):
            if path.exists():
                raise FacetrialError(f"--out {path} is there already. Take it away, or give another name.")
        check_writable(place.parent)

    def _usual_place(self) -> Path:
        """A name that tells pictures and attack, and is the same where all that is asked is the same."""
        words = self._words()
        attack = next(word for word in reversed(words) if word.startswith("attack=")).partition("=")[2]
        named = [*(path.stem for path in self.pictures), attack.replace("/", "_")]
        whole = digest([*map(str, self.pictures), self.options.people, self.options.eps, *words], size=4)
        return _FOLDER / f"{'-'.join([*named, whole])}.png"

    def _words(self) -> list[str]:
        """What `facetrial evaluate` would be told: what is usual here, the options, then the settings."""
        options = []
        if self.options.attack is not None:
            _check_attack(self.options.attack)
            options.append(f"attack={self.options.attack}")
        if self.options.face is not None:
            options.append(f"data.face={self.options.face}")
        chosen = {word.partition("=")[0] for word in self.settings}
        usual = [word for word in _USUAL if word.partition("=")[0] not in chosen]
        return [*usual, *options, *self.settings]


def attack_of(context: TrialContext) -> str:
    """What the attack is called, and how strong it is."""
    about = context.about(synthetic=False)
    return strength_in_words(about.attack, about.chosen, context.settings["attack"])


def run(main: Callable[[], None]) -> None:
    """Runs a command with the words of the command line; what is logged on its way are plain lines."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run_from_command_line(main)


def _set_eps(budget: DictConfig, eps: float | str) -> None:
    if "eps" not in budget:
        known = " ".join(
            f"attack.budget.{key}={budget[key]}" for key in map(str, budget) if key != "_target_"
        )
        raise FacetrialError(
            f"--eps {eps}: the budget of this attack has no eps. Give {known}, or another attack."
        )
    budget.eps = eps


def _of_face(place: Path) -> Path:
    """Where the attacked face alone goes, beside the figure."""
    return place.with_name(f"{place.stem}-attacked.png")


def _number(text: str) -> float | str:
    """A number as one; what else may stand for it, such as 8/255, as it is."""
    with contextlib.suppress(ValueError):
        return float(text)
    return text


def _check_attack(name: str) -> None:
    folder = config_folder() / "attack"
    if (folder / f"{name}.yaml").is_file():
        return
    known = sorted(file.stem for file in folder.glob("*.yaml"))
    near = difflib.get_close_matches(name, known, 1)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise FacetrialError(f"--attack {name}: there is no such attack. {meant}There are {', '.join(known)}.")
