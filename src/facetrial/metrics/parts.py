"""What a summary says of people, checks, costs, and of how a trial was made."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from facetrial.core.plain import Measured
from facetrial.statistics.intervals import Interval

PACKAGES = ("torch", "lightning", "facenet-pytorch", "scikit-learn", "facetrial")


@dataclass(frozen=True)
class Person:
    """A person of a trial.

    Attributes:
        n_train: pictures the recogniser was trained on.
        n_test: pictures tested.
        clean: share of these recognised as they are.
        robust: share recognised attacked, of those that could be attacked.
    """

    n_train: int
    n_test: int
    clean: Interval
    robust: Interval


@dataclass(frozen=True)
class LeftOut:
    """What of the data could not be used, to train, to validate or to test.

    Attributes:
        n: number of pictures.
        pictures: why, by the file's name below the data's root.
        people: folders of those of whom too few pictures are left.
    """

    n: int
    pictures: Mapping[str, str]
    people: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a check says.

    Attributes:
        passed: None where the question does not apply to the trial.
        detail: what was looked at, or why nothing was.
        remedy: what to do where it did not pass.
    """

    passed: bool | None
    detail: str
    remedy: str | None = None


@dataclass(frozen=True)
class Cost:
    """What a defence costs.

    Attributes:
        train_seconds: None where the checkpoint does not say.
        answers_per_second: clean pictures that the victim names, and flags where it has detectors, in one batch.
        pictures_timed: in that batch.
        steps_chosen_by: a copy of the victim or itself, and how a GPU was made to, in words; None where nobody was
            asked in this start.
    """

    train_seconds: float | None
    answers_per_second: float
    pictures_timed: int
    steps_chosen_by: str | None = None


@dataclass(frozen=True)
class RegionUsed:
    """Where the attack was.

    Attributes:
        name: of the region's config.
        area: its mean share of the picture; NaN where no picture was attacked.
        equal_area: the share that all regions were to have; None where they are as large as they are.
    """

    name: str | None
    area: Measured
    equal_area: float | None


@dataclass(frozen=True)
class NoiseLevel:
    """The level and how it came about. All levels are RMS over the finished picture, in [0, 1] units.

    Attributes:
        rms: the level to use, the lower of the two below.
        costs_enough: where noise everywhere costs the people `wanted_cost` of accuracy on average.
        still_reached: the highest level that noise in the region reaches on the wanted share of pictures.
        wanted_cost: the loss of accuracy aimed at, as a mean over people, in [0, 1).
        cost: the loss found at `rms`.
        people: whose pictures were used, and how many of them.
        pictures: validation pictures that `still_reached` was found on.
    """

    rms: float
    costs_enough: float
    still_reached: float
    wanted_cost: float
    cost: float
    people: Mapping[str, int]
    pictures: int


def versions() -> dict[str, str]:
    """Python's version and those of the packages that decide a figure."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
