"""Defences side by side: what each leaves under each attack, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facetrial.evaluation.chart_figure import save_chart
from facetrial.evaluation.chart_layout import TONES
from facetrial.evaluation.sections import Chart, Section, Series, Table
from facetrial.evaluation.tables import NOTHING, csv_table, interval, markdown_table, percent
from facetrial.evaluation.verdict_words import banners
from facetrial.files import written_whole

NAIVE = "adaptive=false"


@dataclass(frozen=True)
class Cell:
    """What a defence leaves under an attack.

    Attributes:
        defense: its name.
        attack: its name.
        adaptive: what stands, {value, low, high, n} under the attack that knows the defence; None where not run.
        naive: the same under the attack that does not.
    """

    defense: str
    attack: str
    adaptive: Mapping[str, Any] | None
    naive: Mapping[str, Any] | None


@dataclass(frozen=True)
class DefenseTable:
    """All cells of a sweep.

    Attributes:
        defenses: in the order of the runs, none first.
        attacks: in the order of the runs.
        cells: for each (defense, attack).
        summaries: one of each defence, for clean accuracy and cost.
        trials: all summaries.
    """

    defenses: list[str]
    attacks: list[str]
    cells: dict[tuple[str, str], Cell]
    summaries: dict[str, Mapping[str, Any]]
    trials: list[Mapping[str, Any]]

    def lost(self, defense: str) -> float | None:
        """Clean accuracy that the defence costs, beside the recogniser without; None where that did not stand trial."""
        if "none" not in self.summaries:
            return None
        clean = [clean_kept(self.summaries[name])["value"] for name in ("none", defense)]
        return clean[0] - clean[1]


def build_defense_table(summaries: Sequence[Mapping[str, Any]]) -> DefenseTable:
    """The table of finished trials; of several with the same defence and attack the last counts."""
    found: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    of_defense: dict[str, Mapping[str, Any]] = {}
    for summary in summaries:
        attack, naive = _without_naive(summary["attack"])
        defense = summary["defense"]
        of_defense.setdefault(defense, summary)
        found.setdefault((defense, attack), {})["naive" if naive else "adaptive"] = left_standing(summary)
    return DefenseTable(
        sorted(of_defense, key=lambda name: name != "none"),
        list(dict.fromkeys(attack for _, attack in found)),
        {
            place: Cell(*place, adaptive=both.get("adaptive"), naive=both.get("naive"))
            for place, both in found.items()
        },
        of_defense,
        list(summaries),
    )


def left_standing(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The share of attacked pictures recognised; where pictures are flagged, recognised or flagged."""
    return summary["detection"]["stands"] if "detection" in summary else summary["robust_accuracy"]


def clean_kept(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """The share of clean pictures recognised; where pictures are flagged, recognised and not flagged."""
    return summary["detection"]["kept"] if "detection" in summary else summary["clean_accuracy"]


def _without_naive(attack: str) -> tuple[str, bool]:
    """ "pgd (adaptive=false, eps=2)" -> ("pgd (eps=2)", True)."""
    name, _, changed = attack.partition(" (")
    parts = [part for part in changed.removesuffix(")").split(", ") if part]
    kept = [part for part in parts if not part.startswith("adaptive=")]
    naive = any(part.lower() == NAIVE for part in parts)
    return (f"{name} ({', '.join(kept)})" if kept else name), naive


def write_defense_table(table: DefenseTable, folder: str | Path) -> list[Path]:
    """Writes `defenses.md`, `.csv`, `.png` and `.svg`."""
    folder = Path(folder)
    texts = {"defenses.md": defenses_markdown(table), "defenses.csv": defenses_csv(table)}
    for file, text in texts.items():
        with written_whole(folder / file) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [folder / file for file in texts] + save_chart(defenses_chart(table), folder, table.trials)


def table_lines(table: DefenseTable) -> tuple[list[str], list[list[str]]]:
    """Header and lines as words."""
    header = ["defence", "clean", "lost, points", *table.attacks, "training, s", "answers/s"]
    lines = []
    for defense in table.defenses:
        summary, lost = table.summaries[defense], table.lost(defense)
        cost = summary.get("cost") or {}
        lines.append(
            [
                defense,
                _with_interval(clean_kept(summary)),
                NOTHING if lost is None else f"{100 * lost:.1f}",
                *(_in_words(table.cells.get((defense, attack))) for attack in table.attacks),
                _number(cost.get("train_seconds")),
                _number(cost.get("answers_per_second")),
            ]
        )
    return header, lines


def defenses_markdown(table: DefenseTable) -> str:
    """The whole page."""
    about = table.trials[0]
    header, lines = table_lines(table)
    flagging = []
    if any("detection" in summary for summary in table.trials):
        flagging.append(
            "Where a defence flags pictures, an attacked one that is flagged counts as recognised, and a clean "
            "one that is flagged does not.\n"
        )
    said = dict.fromkeys(banner for summary in table.trials for banner in banners(summary))
    parts = [
        "# Defences\n",
        *(f"> **{banner}**\n" for banner in said),
        f"{about['embedder']} on {about['data']}, n = {about['n']}. Share of pictures recognised under each attack, "
        "with 95 % intervals (bootstrap over people, then pictures). Attacks know the defence; in brackets, what is "
        "left under the same attack when it does not: the difference is what the defence hides.\n",
        *flagging,
        markdown_table(header, lines),
        "![Dot plot of the table above, with 95 % intervals](defenses.png)\n",
    ]
    return "\n".join(parts)


def defenses_csv(table: DefenseTable) -> str:
    """A line a defence and attack."""
    header = ["defense", "attack"]
    header += [f"{kind}{part}" for kind in ("adaptive", "naive") for part in ("", "_low", "_high", "_n")]
    header += ["clean", "clean_lost", "train_seconds", "answers_per_second"]
    lines = []
    for cell in table.cells.values():
        summary = table.summaries[cell.defense]
        cost = summary.get("cost") or {}
        figures = [
            None if figure is None else figure[part]
            for figure in (cell.adaptive, cell.naive)
            for part in ("value", "low", "high", "n")
        ]
        costs = [cost.get("train_seconds"), cost.get("answers_per_second")]
        clean = clean_kept(summary)["value"]
        lines.append([cell.defense, cell.attack, *figures, clean, table.lost(cell.defense), *costs])
    return csv_table(header, lines)


def defenses_section(table: DefenseTable) -> Section:
    """The table and its figure, for a page."""
    header, _ = table_lines(table)
    lines = []
    for defense in table.defenses:
        lost, cost = table.lost(defense), table.summaries[defense].get("cost") or {}
        cells = [table.cells.get((defense, attack)) for attack in table.attacks]
        lines.append(
            [
                defense,
                clean_kept(table.summaries[defense]),
                None if lost is None else round(100 * lost, 1),
                *(None if cell is None else _noted(cell) for cell in cells),
                cost.get("train_seconds"),
                cost.get("answers_per_second"),
            ]
        )
    return Section(
        "Defences",
        note="Share of pictures recognised under attacks that know the defence; naive: under the same attack when it "
        "does not. The difference is what the defence hides. Lost: clean accuracy beside the recogniser without "
        "defence.",
        charts=[defenses_chart(table)],
        tables=[Table("Defences", header, lines)],
    )


def _noted(cell: Cell) -> Mapping[str, Any]:
    unknown = {"value": None, "low": None, "high": None}
    note = {} if cell.naive is None else {"note": f"naive {percent(cell.naive['value'])}"}
    return {**(cell.adaptive or unknown), **note}


def defenses_chart(table: DefenseTable) -> Chart:
    """Accuracy left of each defence, a mark an attack; hollow where the attack does not know the defence."""
    clean = [clean_kept(table.summaries[defense]) for defense in table.defenses]
    series = [_dots("clean", table.defenses, clean, "clean")]
    tones = [tone for tone in TONES if tone not in ("clean", "muted")]
    for number, attack in enumerate(table.attacks):
        tone = tones[number % len(tones)]
        cells = [
            cell for defense in table.defenses if (cell := table.cells.get((defense, attack))) is not None
        ]
        known = [cell for cell in cells if cell.adaptive is not None]
        series.append(_dots(attack, [c.defense for c in known], [c.adaptive for c in known], tone))
        naive = [cell for cell in cells if cell.naive is not None]
        if naive:
            places, values = [cell.defense for cell in naive], [cell.naive["value"] for cell in naive]
            series.append(Series("", places, values, hollow=True, tone=tone))
    return Chart(
        "defenses",
        "Dot plot of the table below with 95 % intervals.",
        "Filled: the attack knows the defence. Hollow: it does not.",
        "",
        "recognised",
        series,
    )


def _dots(name: str, places: Sequence[str], figures: Sequence[Mapping[str, Any]], tone: str) -> Series:
    parts = ([figure[part] for figure in figures] for part in ("value", "low", "high"))
    return Series(name, places, *parts, tone=tone)


def _in_words(cell: Cell | None) -> str:
    if cell is None:
        return NOTHING
    words = NOTHING if cell.adaptive is None else _with_interval(cell.adaptive)
    return words if cell.naive is None else f"{words} (naive {percent(cell.naive['value'])})"


def _with_interval(figure: Mapping[str, Any]) -> str:
    return f"{percent(figure['value'])} [{interval(figure).removesuffix(' %').replace(' to ', ', ')}]"


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3g}"
