"""Tables as text: Markdown and CSV."""

import csv
import io
import math
from collections.abc import Mapping, Sequence

CsvCell = str | float | None


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, first column to the left, the rest to the right; pipes and line ends are escaped."""
    lines = [header, [":--", *["--:"] * (len(header) - 1)], *rows]
    cells = [[str(c).replace("|", "\\|").replace("\n", " ") for c in line] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


def csv_table(lines: Sequence[Mapping[str, CsvCell]]) -> str:
    """A CSV table of lines, one at least, with the same keys; what was not measured is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(lines[0])
    for line in lines:
        writer.writerow("" if isinstance(c, float) and math.isnan(c) else c for c in line.values())
    return text.getvalue()
