"""Texts in CSV files, which spreadsheets take for formulas where they begin like one."""

import re
from typing import TypeVar

import pandas as pd

T = TypeVar("T")
# The last four are the wide signs of East Asian keyboards. The quote itself, so that texts come back as they were.
_FORMULA = r"['=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"


def as_cell(value: T) -> T | str:
    """A value as a cell of a CSV file: text that a spreadsheet would run has a quote before it, by which it is text."""
    return f"'{value}" if isinstance(value, str) and re.match(_FORMULA, value) else value


def as_texts(cells: pd.Series) -> pd.Series:
    """The texts, as `as_cell` was given them, of a column of texts that were read."""
    return cells.str.replace(rf"^'(?={_FORMULA})", "", regex=True)
