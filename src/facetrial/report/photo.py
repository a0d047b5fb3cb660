"""What is said of one photograph, or of two, in sentences and as a picture: clean, the perturbation, attacked."""

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from facetrial.attacks.result import Attacked
from facetrial.core.errors import visible
from facetrial.metrics.photo_thresholds import SimilarityThreshold
from facetrial.metrics.tasks.results import TooFew
from facetrial.report.rendering.formatting import signed
from facetrial.report.rendering.theme import LIGHT, new_grid
from facetrial.report.showcase import common_gain, magnified
from facetrial.trial.photo import PhotoVerdict, Said
from facetrial.trial.photo_pair import PairVerdict

_SHOWN = 4  # of a ranking
_INCHES = 2.6  # of a picture


def photo_sentences(
    verdict: PhotoVerdict,
    threshold: SimilarityThreshold | TooFew | None = None,
    enrolled: bool = False,
    attack: str = "",
) -> list[str]:
    """Who it is, by how much, who comes next, and what becomes of that under attack.

    Args:
        verdict: on the photograph.
        threshold: from which similarity on it shows one of the people; None where that is not told.
        enrolled: whether its person was enrolled with this very picture, or with it saved again.
        attack: what it was attacked by.
    """
    clean, attacked, saved = verdict.clean, verdict.attacked, verdict.saved
    said = [f"{verdict.file}: {_who(clean)}. {_ranking(clean)}"]
    if enrolled:
        said.append(
            "It is one of the pictures that its person was enrolled with, as it is or saved again, and no test. Give "
            "another one."
        )
    if clean.similarity is not None and threshold is not None:
        said.append(_likeness(clean.ranked[0][0], clean.similarity, threshold))
    if clean.flagged is not None:
        said.append(f"Detectors {'flag' if clean.flagged else 'do not flag'} it.")
    if attacked is not None and saved is not None:
        said.append(
            f"Attacked by {attack}{_wanted(verdict)}, it is taken for {_who(attacked)}: {_came_to(verdict.fooled)} "
            f"{_ranking(attacked)}"
        )
        if attacked.flagged is not None:
            said.append(f"Detectors {'flag' if attacked.flagged else 'do not flag'} what it made.")
        if saved.name != attacked.name:
            said.append(f"Rounded to 8 bits, as in a file: {_who(saved)}.")
    return [visible(sentence.rstrip()) for sentence in said]


def pair_sentences(verdict: PairVerdict, threshold: SimilarityThreshold, attack: str = "") -> list[str]:
    """Whether both are one person, by which cosine and threshold, and what becomes of that under attack.

    Args:
        verdict: on the pair.
        threshold: at which it is judged.
        attack: what the first was attacked by.
    """
    (first, second), clean = verdict.files, verdict.similarity
    said = [
        f"{first} and {second}: {_kind(verdict, clean)}, cosine {clean:.3f}.",
        f"The threshold is {threshold.value:.3f}, {threshold.comes_from}.",
    ]
    if verdict.attacked is not None and verdict.saved is not None:
        said.append(
            f"{first} attacked by {attack}: {_kind(verdict, verdict.attacked)}, cosine {verdict.attacked:.3f}; "
            f"{_came_to(verdict.fooled)}"
        )
        if verdict.same(verdict.saved) != verdict.same(verdict.attacked):
            said.append(f"Rounded to 8 bits, as in a file: {_kind(verdict, verdict.saved)}.")
    return [visible(sentence) for sentence in said]


def photo_figure(verdict: PhotoVerdict, attack: str) -> Figure:
    """An attacked photograph: as it was, the perturbation magnified, attacked; beneath each what is said of it.

    Args:
        verdict: on it.
        attack: what it was attacked by.
    """
    assert verdict.change is not None
    assert verdict.attacked is not None
    title = f"Attacked by {attack}{_wanted(verdict)}"
    return _side_by_side(verdict.change, title, _beneath(verdict.clean), _beneath(verdict.attacked))


def pair_figure(verdict: PairVerdict, attack: str) -> Figure:
    """The same of the first of two photographs; and the second beside it."""
    assert verdict.change is not None
    assert verdict.attacked is not None
    clean, attacked = (
        f"{_kind(verdict, cosine)}\ncosine {cosine:.3f}, threshold {verdict.threshold:.3f}"
        for cosine in (verdict.similarity, verdict.attacked)
    )
    beside = ("compared with", verdict.second, verdict.files[1])
    return _side_by_side(verdict.change, f"{verdict.files[0]} attacked by {attack}", clean, attacked, beside)


def _who(said: Said) -> str:
    if not said.ranked:
        return "nobody, the recogniser finds none"
    return "nobody, its scores are too close" if said.silent else said.name


def _ranking(said: Said) -> str:
    """The margin over the next one, and the first few scores."""
    if not said.ranked:
        return ""
    first = ", ".join(f"{name} {signed(score)}" for name, score in said.ranked[:_SHOWN])
    rest = len(said.ranked) - _SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return f"Margin {signed(said.margin)}, of the scores {first}{more}."


def _likeness(name: str, similarity: float, threshold: SimilarityThreshold | TooFew) -> str:
    like = f"Its cosine to {name}'s enrolled pictures is {similarity:.3f}"
    if isinstance(threshold, TooFew):
        return (
            f"{like}; {threshold.found} validation pictures are too few to say from which on it is one of "
            f"these people at all ({threshold.needed} are needed)."
        )
    if similarity >= threshold.value:
        return f"{like}, one of these people's: not below {threshold.value:.3f}, {threshold.comes_from}."
    return f"{like}, more likely that of nobody here: below {threshold.value:.3f}, {threshold.comes_from}."


def _kind(verdict: PairVerdict, similarity: float) -> str:
    return "the same person" if verdict.same(similarity) else "two people"


def _came_to(fooled: bool) -> str:
    return "the recogniser is fooled." if fooled else "the recogniser is not fooled."


def _wanted(verdict: PhotoVerdict) -> str:
    return "" if verdict.target is None else f", to be taken for {verdict.target}"


def _beneath(said: Said) -> str:
    return f"{_who(said)}\nmargin {signed(said.margin)}" if said.ranked else _who(said)


def _side_by_side(
    change: Attacked, title: str, clean: str, attacked: str, beside: tuple[str, np.ndarray, str] | None = None
) -> Figure:
    before, after = _pixels(change.clean), _pixels(change.images)
    gain = common_gain({"": (before, after)})
    largest = 255 * float(np.abs(after - before).max())
    columns = [
        ("clean", before, clean),
        ("perturbation", magnified(before, after, gain), f"magnified {gain} x\nat most {largest:.3g}/255"),
        ("attacked", after, attacked),
        *([] if beside is None else [beside]),
    ]
    figure, grid = new_grid(LIGHT, _INCHES * len(columns), _INCHES + 0.9, columns=len(columns), rows=1)
    figure.suptitle(visible(title), fontsize=9, color=LIGHT.ink, parse_math=False)
    for axes, (above, image, beneath) in zip(grid[0], columns, strict=True):
        axes.imshow(image.transpose(1, 2, 0), interpolation="nearest")
        axes.set_title(visible(above), fontsize=9, color=LIGHT.ink)
        axes.set_xlabel(visible(beneath), fontsize=9, parse_math=False)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    return figure


def _pixels(images: Tensor) -> np.ndarray:
    """The only picture of a batch, (3, H, W)."""
    return np.asarray(images[0].float().cpu())
