"""The runs of a sweep, and which of them belong to one table."""

from facetrial.sweep.runs import table_name


def test_a_tables_name_is_a_file_name():
    assert table_name("study", "") == "study"
    assert table_name("study", "seed=1 +a/b=[x,y]") == "study-seed=1-+a-b=-x-y"
