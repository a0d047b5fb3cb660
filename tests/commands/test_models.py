"""facetrial models: the table, and the same for programs."""

import json
import sys

import pytest

from facetrial.commands.main import main
from facetrial.recognition.embedders.published.facts import PUBLISHED
from facetrial.recognition.embedders.published.fetching import kept_at
from tests.helpers.published import known


def said(monkeypatch, capsys, *words: str) -> str:
    monkeypatch.setattr(sys, "argv", ["facetrial", "models", *words])
    main()
    return capsys.readouterr().out


def test_the_table_has_a_line_of_each_and_all_that_is_known(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    kept_at(known("y1")).parent.mkdir(parents=True)
    kept_at(known("y1")).touch()
    out = said(monkeypatch, capsys)
    rows = out.split("\n\n")[0].splitlines()[2:]
    assert [row.split()[0] for row in rows] == [weights.name for weights in PUBLISHED]
    assert [row.split()[0] for row in rows if row.endswith("yes")] == ["y1"]
    assert rows[0].split()[1:] == [
        "inception_resnet_v1", "23.48", "111.9", "160", "facenet", "0.9965", "0.9950",
    ]  # fmt: skip
    for weights in PUBLISHED:
        for fact in (weights.words, weights.standardisation, weights.licence, weights.source, weights.url):
            assert fact is None or fact in out
        assert weights.checksum is None or weights.checksum in out


def test_what_was_not_measured_is_left_blank(monkeypatch, capsys):
    row = next(row for row in said(monkeypatch, capsys).splitlines() if row.startswith("casia-webface "))
    assert row.split() == ["casia-webface", "inception_resnet_v1", "23.48", "160", "facenet", "0.9905"]


def test_the_same_for_programs(monkeypatch, capsys):
    found = json.loads(said(monkeypatch, capsys, "--json"))
    assert [weights["name"] for weights in found] == [weights.name for weights in PUBLISHED]
    foamliu = found[-1]
    assert (foamliu["size"], foamliu["alignment"], foamliu["measured"]) == (112, "five_points", 0.9933)
    assert foamliu["kept_at"] == str(kept_at(known("foamliu")))
    assert next(weights["measured"] for weights in found if weights["name"] == "casia-webface") is None


def test_other_words_are_refused(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="no words but --json"):
        said(monkeypatch, capsys, "vggface2")
