"""What a spreadsheet would run is text in a CSV file, and comes back as it was."""

import pandas as pd
import pytest

from facetrial.runtime.csv_cells import as_cell, as_texts

TEXTS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
    "'",
    "'=1",
    "''x",
)


@pytest.mark.parametrize("text", TEXTS)
def test_what_begins_like_a_formula_has_a_quote_before_it(text):
    assert as_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["Ann", "a=1", "", " =1", 1, -1.5, None, True, "\u2013"])
def test_all_else_stays(value):
    assert as_cell(value) is value


def test_texts_come_back():
    texts = pd.Series([*TEXTS, "Ann", "", "O'Brien", "'quoted'"])
    assert as_texts(texts.map(as_cell)).tolist() == texts.tolist()
