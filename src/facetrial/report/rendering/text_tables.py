"""Tables as text: Markdown and CSV."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table, first column to the left, the rest to the right; pipes and line ends are escaped."""
    lines = [header, [":--", *["--:"] * (len(header) - 1)], *rows]
    cells = [[str(c).replace("|", "\\|").replace("\n", " ") for c in line] for line in lines]
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)


def csv_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A CSV table; what was not measured is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([["" if isinstance(c, float) and math.isnan(c) else c for c in row] for row in rows])
    return text.getvalue()
