"""The region atlas: where on the face a recogniser is weakest, at an equal budget and at an equal area."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from scipy.ndimage import distance_transform_edt

from facetrial.report.claims import compared, p_in_words
from facetrial.report.mean_face import read_mean_face
from facetrial.report.rendering.components import Drawing, Points, Section, Table
from facetrial.report.rendering.formatting import interval, percent
from facetrial.report.rendering.theme import LIGHT, new_axes
from facetrial.statistics.intervals import METHOD_OF_DIFFERENCES, Interval
from facetrial.statistics.paired import holm, paired_test
from facetrial.sweep.runs import FinishedRun, doubted
from facetrial.sweep.same_setting import setting, titles
from facetrial.trial.rows import ATTACKED

CONTROL, WHOLE, LANDMARKS = "scattered", "everywhere", "landmarks"
_Group = tuple[float | None, Hashable]  # of runs that differ in their region alone: its area, and all else
_FEWEST = 3  # regions that make an atlas
_DPI = 150


@dataclass(frozen=True)
class _Place:
    """A region under one attack: its run, and how it compares with the control on the same pictures.

    `p` is corrected for all `tests` of the atlas.
    """

    run: FinishedRun
    difference: Interval | None
    p: float
    tests: int = 1

    @property
    def left(self) -> Interval:
        return self.run.summary.robust_accuracy


def atlas_section(runs: Sequence[FinishedRun]) -> Section | None:
    """Accuracy left of each region under each attack, drawn on the mean face; None with fewer than three regions."""
    groups: dict[_Group, dict[str, FinishedRun]] = {}
    for run in runs:
        region = run.summary.region
        if region is not None and region.name is not None and run.summary.robust_accuracy.n:
            key = (region.equal_area, setting(run, region=False))
            groups.setdefault(key, {})[region.name] = run
    groups = {key: found for key, found in groups.items() if len(found) >= _FEWEST}
    if not groups:
        return None
    sentences, tables, drawings = [], [], []
    firsts: dict[Hashable, FinishedRun] = {}
    for (_, kind), found in groups.items():
        firsts.setdefault(kind, next(iter(found.values())))
    places_of = _all_compared(groups)
    named = dict(zip(firsts, titles(list(firsts.values()), region=False), strict=True))
    for number, ((area, kind), found) in enumerate(groups.items()):
        places = places_of[area, kind]
        title = doubted(f"{named[kind]}, {_size(area)}", (run.summary for run in found.values()))
        sentences.append(f"{title}: {answer(places)}")
        tables.append(_table(title, places))
        if (pixels := _drawn(places)) is not None:
            synthetic = "Synthetic faces. " if any(r.summary.synthetic for r in found.values()) else ""
            drawings.append(
                Drawing(
                    f"atlas_{number + 1}",
                    f"Mean of the clean test faces; the more of a region's pictures are fooled, the darker it is. "
                    f"{sentences[-1]}",
                    f"{synthetic}{title}. Yellow: most are recognised; dark blue: few. Where regions overlap, "
                    "the weakest is on top.",
                    pixels,
                )
            )
    return Section(
        "Where on the face least is left",
        sentences,
        "Each region at the same budget; a patch may be anything, its area is its budget. At an equal area a region's "
        "discs are grown or shrunk until they cover the same share of every picture, so that they differ in place "
        "alone. Scattered is the control: discs elsewhere on the face, of that area, or, where regions are as large as "
        "they are, of that of all landmarks, which are then all that can be compared with it. Everywhere is the whole "
        f"picture. Differences are of the same pictures, with 95 % intervals ({METHOD_OF_DIFFERENCES}) and "
        "p corrected by Holm's method for all of them, under every attack and at every area.",
        tables=tables,
        drawings=drawings,
    )


def answer(places: Mapping[str, _Place]) -> str:
    """Where least is left, and what interval and test allow to say of it, in one sentence."""
    parts = {name: place for name, place in places.items() if name not in (CONTROL, WHOLE)}
    name, place = min(parts.items(), key=lambda one: one[1].left.value)
    if all(one.left.value == place.left.value for one in parts.values()):
        return (
            f"no region is weaker than another: {percent(place.left.value)} of the pictures are left at each (95 % "
            f"interval {interval(place.left)}, {place.left.n} pictures)."
        )
    left = f"{percent(place.left.value)} left (95 % interval {interval(place.left)}, {place.left.n} pictures)"
    least = f"the least is left at the {name}, {left}"
    difference = place.difference
    if difference is None and CONTROL in places:
        return (
            f"{least}; regions as large as they are differ in more than their place (attack.region.area makes them "
            "equal)."
        )
    if difference is None:
        return f"{least}; there is no scattered control to compare with."
    told = compared(f"the {name}", "scattered discs", difference, place.p, tests=place.tests)
    return f"{least}: {told}."


def _all_compared(groups: Mapping[_Group, Mapping[str, FinishedRun]]) -> dict[_Group, dict[str, _Place]]:
    """Each group's regions, the weakest first, and how they differ from its control; p corrected for all of them."""
    tests = {key: _tested(found, key[0]) for key, found in groups.items()}
    known = [(key, name) for key, found in tests.items() for name in found]
    corrected = dict(zip(known, holm([tests[key][name][1] for key, name in known]).tolist(), strict=True))
    places = {
        key: {
            name: _Place(
                run,
                tests[key][name][0] if name in tests[key] else None,
                corrected.get((key, name), 1.0),
                len(known),
            )
            for name, run in found.items()
        }
        for key, found in groups.items()
    }
    return {
        key: dict(sorted(found.items(), key=lambda one: one[1].left.value)) for key, found in places.items()
    }


def _tested(found: Mapping[str, FinishedRun], area: float | None) -> dict[str, tuple[Interval, float]]:
    """Each region's difference from the control, where the two differ in place alone."""
    tests: dict[str, tuple[Interval, float]] = {}
    if CONTROL not in found:
        return tests
    first = found[CONTROL].rows
    for name, run in found.items():
        alike = name not in (CONTROL, WHOLE) if area is not None else name == LANDMARKS
        second = run.rows
        files = first.index[first["status"] == ATTACKED].intersection(
            second.index[second["status"] == ATTACKED]
        )
        if alike and len(files):
            before, after = (one.loc[files, "correct_attacked"].to_numpy(bool) for one in (first, second))
            tests[name] = paired_test(before, after, first.loc[files, "identity"].to_numpy())
    return tests


def _size(area: float | None) -> str:
    return (
        "regions as large as they are" if area is None else f"equal area, {100 * area:.3g} % of the picture"
    )


def _table(title: str, places: Mapping[str, _Place]) -> Table:
    lines = [
        [
            doubted(name, [place.run.summary]),
            None if place.run.summary.region is None else percent(place.run.summary.region.area),
            place.left,
            None if place.difference is None else Points(place.difference),
            None if place.difference is None else p_in_words(place.p),
            place.run.summary.not_reached,
        ]
        for name, place in places.items()
    ]
    header = ["region", "area", "recognised", "less scattered", "p, Holm", "below the budget"]
    return Table(title, header, lines)


def _drawn(places: Mapping[str, _Place]) -> np.ndarray | None:
    """The mean face in grey, (3, H, W), with regions coloured by what is left, the weakest on top, and a legend."""
    colour = {name: colormaps["cividis"](place.left.value) for name, place in places.items()}
    face, masks = None, {}
    for name, place in places.items():
        if name not in (CONTROL, WHOLE) and (read := read_mean_face(place.run.folder)) is not None:
            face, masks[name] = read
    if face is None:
        return None
    figure, axes = new_axes(LIGHT, 6.0, 4.0)
    axes.imshow(face.mean(0), cmap="gray", vmin=0, vmax=1)
    axes.axis("off")
    inside = {name: mask >= 0.5 for name, mask in masks.items() if (mask >= 0.5).any()}
    covered = np.zeros(face.shape[1:], dtype=bool)
    for depth, (name, mask) in enumerate(inside.items()):  # the weakest first
        axes.contourf(masks[name], [0.5, 2], colors=[colour[name]], alpha=0.65, zorder=20 - depth)
        axes.contour(masks[name], [0.5], colors="white", linewidths=0.8, zorder=20 - depth)
        if (seen := mask & ~covered).any():
            depths = distance_transform_edt(np.pad(seen, 1))[1:-1, 1:-1]
            row, column = np.unravel_index(depths.argmax(), seen.shape)
            written = axes.text(column, row, name, color="white", size=8, ha="center", va="center", zorder=30)
            written.set_path_effects([withStroke(linewidth=2, foreground="black")])
        covered |= mask
    entries = [
        Patch(facecolor=colour[name], edgecolor=LIGHT.ink, label=f"{name}, {percent(place.left.value)}")
        for name, place in places.items()
    ]
    figure.legend(handles=entries, title="recognised", loc="outside right center", frameon=False, fontsize=9)
    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].transpose(2, 0, 1) / 255
