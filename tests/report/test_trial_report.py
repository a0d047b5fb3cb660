"""The report of a trial: one file that needs nothing else, with everything on it that must be said."""

import json
from dataclasses import asdict, replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from PIL import Image

from facetrial.core.plain import write_json
from facetrial.metrics.parts import LeftOut, Outcome
from facetrial.metrics.summary_json import read_summary
from facetrial.report.rendering import theme as figures
from facetrial.report.showcase import write_showcase
from facetrial.report.trial_report import write_report
from facetrial.report.wording import banners, headline, sentences
from tests.helpers.hostile import HOSTILE, N_TRAIN, PEOPLE, hostile_rows
from tests.helpers.made_up import about, made_up_summary, some_pictures


@pytest.fixture(scope="module")
def rows():
    return hostile_rows()


class Page(HTMLParser):
    """Tags with their attributes, and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.text += data


@pytest.fixture(scope="module")
def folder(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    checks = {
        "referee": Outcome(True, "fine"),
        "deterministic": Outcome(False, HOSTILE, "turn it on"),
    }
    left_out = LeftOut(1, {f"{HOSTILE}.jpg": f"damaged: {HOSTILE}"}, (HOSTILE,))
    told = about(synthetic=True, limit=99)
    summary = made_up_summary(rows, told, N_TRAIN, checks, left_out=left_out)
    summary = replace(summary, cases=write_showcase(folder, rows, some_pictures(rows), summary))
    write_json(summary, folder / "summary.json")
    write_report(folder, read_summary(folder / "summary.json"), f"attack: {HOSTILE}")
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def test_report_needs_nothing_else(page):
    for tag, attributes in page.tags:
        for name in ("src", "href", "srcset", "action", "data"):
            assert attributes.get(name, "data:").startswith(("data:", "#")), (tag, attributes[name][:80])
        assert tag not in ("link", "iframe", "object", "base")
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert "default-src 'none'" in policy


def test_every_image_and_chart_has_words(folder, page):
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 3 * len(read_summary(folder / "summary.json").cases) == 3 * 13
    assert all(len(image["alt"]) > 10 for image in images)
    charts = [attributes for _, attributes in page.tags if attributes.get("class") == "chart"]
    assert len(charts) == 2
    assert all(chart["role"] == "img" and len(chart["aria-label"]) > 40 for chart in charts)


def test_light_and_dark_and_phone(folder, page):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "(prefers-color-scheme: dark)" in text
    assert any(a.get("name") == "viewport" for t, a in page.tags if t == "meta")
    themes = json.loads(text.split('id="themes">')[1].split("</script>")[0])
    assert themes == {"light": asdict(figures.LIGHT), "dark": asdict(figures.DARK)}


def test_names_cannot_become_markup(page):
    kinds = [attributes.get("type", "code") for tag, attributes in page.tags if tag == "script"]
    assert kinds.count("code") == 1
    assert set(kinds) == {"code", "application/json", "text/plain"}
    assert page.text.count(HOSTILE) >= 7  # table, showcase, check, config, left out


def test_banners_verdict_checks_and_people_are_there(folder, page):
    summary = read_summary(folder / "summary.json")
    assert len(banners(summary)) == 3
    text = page.text.replace("\u00a0", " ")
    for said in (*banners(summary), headline(summary), *sentences(summary)):
        assert said in text
    assert "What to do: turn it on" in text
    assert text.index("deterministic") < text.index(headline(summary))  # what failed comes first
    assert text.rindex("deterministic") < text.rindex("referee")
    table = (folder / "report.html").read_text(encoding="utf-8").split('id="people-table"')[1]
    assert table.split("</table>")[0].count("<tr><th scope") == len(PEOPLE)


def test_figures_lie_beside_it_and_nothing_else(folder):
    names = {path.name for path in folder.iterdir()}
    charts = {f"{name}.{kind}" for name in ("accuracy", "people") for kind in ("png", "svg")}
    assert names == {"summary.json", "report.html", "showcase.png", "showcase"} | charts
    for name in names:
        if name.endswith(".png"):
            Image.open(folder / name).verify()
        if name.endswith(".svg"):
            ElementTree.parse(folder / name)


def test_report_without_pictures_or_attackable_rows(rows, checks, tmp_path):
    rows = rows.assign(status="not_attackable")
    summary = made_up_summary(rows, about(), N_TRAIN, checks)
    assert write_showcase(tmp_path, rows, {}, summary) == ()
    page = Page(write_report(tmp_path, summary).read_text(encoding="utf-8"))
    assert "No picture of this trial could be attacked." in page.text
    assert not (tmp_path / "showcase.png").exists()
