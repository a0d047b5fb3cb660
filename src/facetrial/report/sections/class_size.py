"""What is left under attack against the number of training pictures a person has, over the people of a trial."""

import math
from collections.abc import Iterator

from facetrial.metrics.class_size import ByHead, ClassSize, TooFewOutcomes
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent, shown_name
from facetrial.statistics.intervals import Interval

_MEAN = "cosine to the mean of each person's training embeddings"


def class_size_sentences(found: ClassSize) -> list[str]:
    """What the people of the trial show, and what of it belongs to whom."""
    return [_own_sentence(found), *_head_sentences(found)]


def _own_sentence(found: ClassSize) -> str:
    own = found.own
    if isinstance(own.doubling, TooFewOutcomes):
        return (
            "Whether people with more training pictures are recognised more often under attack cannot be told: "
            f"{_too_few(own.doubling)}."
        )
    factor, first, last = own.doubling, own.curve[0], own.curve[-1]
    if factor.low > 1:
        said = "People with more training pictures are recognised more often under attack"
    elif factor.high < 1:
        said = "People with more training pictures are recognised less often under attack"
    else:
        said = "That more training pictures help under attack, or harm, is not shown"
    return (
        f"{said}: with twice as many, the odds change by a factor of {_factor(factor)}, over {found.people} people, "
        f"from {percent(first.value)} with {first.n_train:.0f} to {percent(last.value)} with {last.n_train:.0f}."
    )


def _head_sentences(found: ClassSize) -> Iterator[str]:
    own, other = found.own, found.gallery
    if other is None:
        return
    like = (
        f"The attack was made against {own.head}: for cosine its pictures are a transfer, which by itself leaves more."
        if found.asks_victim
        else "The attack does not ask the victim, so that both are like with like."
    )
    if isinstance(own.doubling, TooFewOutcomes) or isinstance(other.doubling, TooFewOutcomes):
        if isinstance(other.doubling, TooFewOutcomes):
            yield f"What belongs to the head cannot be told: with {_MEAN}, {_too_few(other.doubling)}."
        else:
            yield (
                f"With {_MEAN}, on the same embeddings, the odds change by a factor of {_factor(other.doubling)}. "
                f"{like}"
            )
    elif found.ratio is not None:
        yield (
            f"Odds of being recognised per doubling of training pictures: {_factor(own.doubling)} with the victim's "
            f"own head, {own.head}, and {_factor(other.doubling)} with {_MEAN}, on the same embeddings: "
            f"{whose(own.doubling, other.doubling, found.ratio)}. {like}"
        )
    if not math.isnan(own.clean_margin.value) and not math.isnan(other.clean_margin.value):
        yield (
            "How clean margins grow with the number of training pictures, as Spearman's correlation over people: "
            f"{_factor(own.clean_margin)} with {own.head}, {_factor(other.clean_margin)} with cosine."
        )


def whose(own: Interval, gallery: Interval, ratio: Interval) -> str:
    """What of the odds per doubling belongs to the head and what to the embeddings, as far as it is shown.

    Args:
        own: the factor with the victim's own head.
        gallery: that with cosine to the mean.
        ratio: of the first to the second.
    """
    if own.high < 1:
        helps = "shown" if gallery.low > 1 else "not shown"
        return f"with its own head they harm; with cosine, that they help is {helps}"
    if own.low <= 1:
        helps = "it is" if gallery.low > 1 else "neither"
        return f"with its own head, that they help is not shown; with cosine, {helps}"
    if ratio.low <= 1:
        return "that the head has a share in it is not shown"
    if gallery.low <= 1:
        return "it belongs to the head; that the pictures help by themselves is not shown"
    share = 1 - math.log(gallery.value) / math.log(own.value)
    return f"{'most' if share > 0.5 else 'a part'} of it belongs to the head, and the rest to the embeddings"


def _too_few(few: TooFewOutcomes) -> str:
    what = "recognised" if few.rarer == "recognised" else "not recognised"
    pictures = f"{few.pictures} attacked picture{'s were' if few.pictures != 1 else ' was'} {what}"
    of = f", of {few.people} {'people' if few.people != 1 else 'person'}" if few.pictures else ""
    return f"{pictures}{of}; it takes {few.needed_pictures} of {few.needed_people} people"


def _factor(figure: Interval) -> str:
    return f"{figure.value:.2f} (95 % interval {figure.low:.2f} to {figure.high:.2f})"


def class_size_section(summary: TrialSummary) -> Section | None:
    """People by their number of training pictures, with the fitted curve of each head."""
    found = summary.class_size
    if found is None:
        return None
    heads = [found.own, *([found.gallery] if found.gallery else [])]
    sentences = class_size_sentences(found)
    return Section(
        "How many pictures of a person it takes",
        sentences,
        "People also differ in other things than their number of pictures; what it does by itself is shown by "
        "experiment=class_size, which trains on fewer pictures of the same people.",
        charts=[_chart(summary, heads, sentences[0])],
        tables=[_table(heads)] if found.gallery else [],
    )


def _chart(summary: TrialSummary, heads: list[ByHead], sentence: str) -> Chart:
    people = [(name, one) for name, one in summary.per_identity.items() if one.robust.n]
    series = [
        Series(
            "people",
            [one.n_train for _, one in people],
            [one.robust.value for _, one in people],
            labels=[
                f"{shown_name(name)}: {percent(one.robust.value, 0)} of {one.robust.n}, trained on {one.n_train}"
                for name, one in people
            ],
        )
    ]
    for one in heads:
        if one.curve:
            places = [point.n_train for point in one.curve]
            name = f"fitted, {one.head}"
            series.append(Series.of(name, places, one.curve, line=True, points=False, band=True))
    return Chart(
        "class_size",
        f"Share recognised under attack of each person against the number of training pictures. {sentence}",
        "A point a person, by the victim's own verdicts; a line is a logistic regression on the logarithm, which knows "
        "pictures of one person to be alike, with its 95 % interval.",
        "training pictures of the person",
        "recognised under attack",
        series,
        log_x=True,
    )


def _table(heads: list[ByHead]) -> Table:
    return Table(
        "Both heads on the same embeddings",
        ["head", "odds per doubling of training pictures", "clean margins with them (Spearman)"],
        [
            [
                one.head,
                _too_few(one.doubling) if isinstance(one.doubling, TooFewOutcomes) else _factor(one.doubling),
                "" if math.isnan(one.clean_margin.value) else _factor(one.clean_margin),
            ]
            for one in heads
        ],
    )
