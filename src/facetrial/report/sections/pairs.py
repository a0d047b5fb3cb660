"""What a report says of a list of pairs: verification fold by fold, clean and attacked."""

from facetrial.metrics.summary import TrialSummary
from facetrial.metrics.tasks.pair_list import PairFigures
from facetrial.metrics.tasks.results import TooFew
from facetrial.report.rendering.components import Cell, Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent, rate_in_words
from facetrial.report.sections.tasks import SHOWN, line_of


def pairs_section(summary: TrialSummary) -> Section | None:
    """The section, from the summary of a trial of verification; None of another."""
    pairs = summary.pairs
    if pairs is None:
        return None
    return Section(
        title="Verification, pair by pair",
        sentences=_sentences(pairs),
        note=(
            f"{pairs.list}: {pairs.threshold}. Clean figures are of all its pairs, attacked ones of those whose "
            f"{pairs.attacked_side} picture was attacked, so that the verdict at this threshold turns; at stricter "
            "ones the same pictures are judged again, and an attack on those would do better. At a false accept "
            "rate, too, a pair's threshold comes from other pairs. Every pair weighs the same, as is the list's "
            f"convention; intervals are over the {pairs.people['clean']:,} people, who count as "
            f"{pairs.effective_people['clean']:,.0f} of one weight."
            + (" Embeddings are of the picture plus its mirror image." if pairs.mirror else "")
            + ("" if pairs.embedder_as_published else _TRAINED)
        ),
        charts=(_fold_chart(pairs),) if len(pairs.folds) > 1 else (),
        tables=(Table("Verification", ("", *SHOWN.values()), _lines(pairs)),),
    )


_TRAINED = " The network was trained on pictures below data.root, maybe of the same people: these look easy."


def _sentences(pairs: PairFigures) -> list[str]:
    clean, attacked = pairs.accuracy["clean"], pairs.accuracy["attacked"]
    error = pairs.standard_error
    sentences = [
        f"Of {clean.n:,} clean pairs {percent(clean.value, 2)} are judged rightly"
        + (f" (standard error over folds {100 * error:.2f} points)" if error is not None else "")
        + (
            f"; of {attacked.n:,} with an attacked side, {percent(attacked.value, 2)}."
            if attacked.n
            else "; none could be attacked."
        )
    ]
    return sentences + [
        f"At a false accept rate of {rate_in_words(point.wanted)} nothing is told: there are too few pairs of two "
        f"people, {point.needed:,} are needed."
        for point in pairs.points
        if isinstance(point, TooFew)
    ]


def _lines(pairs: PairFigures) -> list[list[Cell]]:
    lines = [
        line_of("judged rightly", pairs.accuracy),
        line_of("equal error rate", pairs.eer),
        line_of("area under the curve", pairs.auroc),
    ]
    for point in pairs.points:
        if not isinstance(point, TooFew):
            rate = rate_in_words(point.wanted)
            lines.append(line_of(f"pairs of one person accepted, false accepts {rate}", point.tar))
            lines.append(line_of(f"pairs of two people accepted, false accepts {rate}", point.far))
    return lines


def _fold_chart(pairs: PairFigures) -> Chart:
    names = [f"fold {fold.fold}" for fold in pairs.folds]
    clean, attacked = ([getattr(fold, version) for fold in pairs.folds] for version in ("clean", "attacked"))
    return Chart(
        name="folds",
        alt=f"Accuracy of each of {len(names)} folds, clean and attacked.",
        caption="Pairs judged rightly, fold by fold.",
        x_title="",
        y_title="judged rightly",
        series=[
            Series.of(title, names, figures)
            for title, figures in (("clean", clean), ("attacked", attacked))
            if all(figure.n for figure in figures)
        ],
    )
