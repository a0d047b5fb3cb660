"""What a report says of a list of pairs: verification fold by fold, clean and attacked."""

from collections.abc import Mapping, Sequence
from typing import Any

from facetrial.report.rendering.components import Chart, Section, Series, Table
from facetrial.report.rendering.formatting import percent, rate_in_words

_SHOWN = {"clean": "clean", "attacked": "attacked", "8bit": "after rounding to 8 bits"}


def pairs_section(summary: Mapping[str, Any]) -> Section | None:
    """The section, from the summary of a trial of verification; None of another."""
    pairs = summary.get("pairs")
    if pairs is None:
        return None
    return Section(
        title="Verification, pair by pair",
        sentences=_sentences(pairs),
        note=(
            f"{pairs['list']}: {pairs['threshold']}. Clean figures are of all its pairs, attacked ones of those whose "
            f"{pairs['attacked_side']} picture was attacked, so that the verdict at this threshold turns; at stricter "
            "ones the same pictures are judged again, and an attack on those would do better. Intervals draw people."
            + (" Embeddings are of the picture plus its mirror image." if pairs["mirror"] else "")
            + ("" if pairs["embedder_as_published"] else _TRAINED)
        ),
        charts=(_fold_chart(pairs),) if len(pairs["folds"]) > 1 else (),
        tables=(Table("Verification", ("", *_SHOWN.values()), _lines(pairs)),),
    )


_TRAINED = " The network was trained on pictures below data.root, maybe of the same people: these look easy."


def _sentences(pairs: Mapping[str, Any]) -> list[str]:
    clean, attacked = (pairs["accuracy"][version] for version in ("clean", "attacked"))
    error = pairs["standard_error"]
    sentences = [
        f"Of {clean['n']:,} clean pairs {percent(clean['value'], 2)} are judged rightly"
        + (f" (standard error over folds {100 * error:.2f} points)" if error is not None else "")
        + (
            f"; of {attacked['n']:,} with an attacked side, {percent(attacked['value'], 2)}."
            if attacked["n"]
            else "; none could be attacked."
        )
    ]
    for point in pairs["points"]:
        if point["threshold"] is None:
            sentences.append(
                f"At a false accept rate of {rate_in_words(point['wanted'])} nothing is told: there are too few "
                "pairs of two "
                f"people, {point['needed']:,} are needed."
            )
    return sentences


def _lines(pairs: Mapping[str, Any]) -> list[Sequence[Any]]:
    def line(title: str, figures: Mapping[str, Any], set_to: str | None = None) -> Sequence[Any]:
        shown = [figures.get(version) for version in _SHOWN]
        return (title, *([set_to, *shown[1:]] if set_to else shown))

    lines = [line("judged rightly", pairs["accuracy"]), line("equal error rate", pairs["eer"])]
    for point in pairs["points"]:
        if point["threshold"] is not None:
            rate = rate_in_words(point["wanted"])
            lines.append(line(f"pairs of one person accepted, FAR {rate}", point["tar"]))
            lines.append(line(f"pairs of two people accepted, FAR {rate}", point["far"], f"set to {rate}"))
    return lines


def _fold_chart(pairs: Mapping[str, Any]) -> Chart:
    folds = pairs["folds"]
    series = [
        Series(
            name=title,
            x=[f"fold {fold['fold']}" for fold in folds],
            y=[fold[version]["value"] for fold in folds],
            low=[fold[version]["low"] for fold in folds],
            high=[fold[version]["high"] for fold in folds],
        )
        for version, title in list(_SHOWN.items())[:2]
        if all(fold[version]["n"] for fold in folds)
    ]
    return Chart(
        name="folds",
        alt=f"Accuracy of each of {len(folds)} folds, clean and attacked.",
        caption="Pairs judged rightly, fold by fold.",
        x_title="",
        y_title="judged rightly",
        series=series,
    )
