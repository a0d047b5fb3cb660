"""Reports as a reader opens them: in headless Chromium, from a file, with no network.

Skipped where there is no Chromium; `apt-get install chromium` brings one, `CHROMIUM` names another.
"""

import os
import shutil
from dataclasses import replace

import pytest

from facetrial.core.plain import write_json
from facetrial.metrics.parts import Outcome
from facetrial.metrics.summary_json import read_summary
from facetrial.report.rendering import theme as figures
from facetrial.report.showcase import write_showcase
from facetrial.report.trial_report import write_report
from facetrial.sweep.gather import gather_sweep
from tests.helpers.made_up import CHECKS, about, made_up_rows, made_up_summary, some_pictures

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PEOPLE = {f"Person_{i:03}": 2 + i % 5 for i in range(160)}
N_TRAIN = {name: 3 * count for name, count in PEOPLE.items()}
SIZES = {"wide": (1200, 900), "phone": (360, 740)}


@pytest.fixture(scope="module")
def chromium():
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium to open reports in: apt-get install chromium, or set CHROMIUM to its path")
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[dev]'")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The report of a trial and that of a sweep."""
    folder = tmp_path_factory.mktemp("pages")
    failed = {"deterministic": Outcome(False, "1 of 4 differs", "find out why")}
    for number, attack in enumerate(("random", "landmarks")):
        run = folder / str(number)
        rows = made_up_rows(PEOPLE, attacked=0.6 - 0.2 * number, seed=number)
        summary = made_up_summary(rows, about(attack=attack, synthetic=True), N_TRAIN, CHECKS | failed)
        summary = replace(summary, cases=write_showcase(run, rows, some_pictures(rows, each=1), summary))
        write_json(summary, run / "summary.json")
        write_report(run, read_summary(run / "summary.json"), "attack: random")
    gather_sweep(folder)
    return {"trial": folder / "0" / "report.html", "sweep": folder / "report.html"}


@pytest.fixture
def opened(chromium, pages, request):
    """Opens a report; at the end, nothing may have been said on the console and nothing asked of a network."""
    said, asked, contexts = [], [], []

    def open_page(kind, size="wide", scheme="light"):
        width, height = SIZES[size]
        context = chromium.new_context(
            color_scheme=scheme, viewport={"width": width, "height": height}, has_touch=size == "phone"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda one: asked.append(one.url))
        page.goto(pages[kind].as_uri())
        page.wait_for_selector("html[data-charts]", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
    assert sum(url.startswith("file:") for url in asked) == len(contexts)


def column(page, table, number):
    return page.eval_on_selector_all(
        f"#{table} tbody tr:not([hidden])",
        f"rows => rows.map(row => row.cells[{number}].dataset.value ?? row.cells[{number}].textContent)",
    )


@pytest.mark.parametrize("kind", ["trial", "sweep"])
def test_every_chart_is_drawn_and_has_words(opened, kind):
    page = opened(kind)
    charts = page.eval_on_selector_all(
        ".chart",
        "all => all.map(p => [p.getAttribute('role'), p.ariaLabel, !!p.querySelector('svg .trace')])",
    )
    assert charts
    assert all(role == "img" and len(words) > 40 and drawn for role, words, drawn in charts)
    without = page.eval_on_selector_all("img", "all => all.filter(image => !(image.alt.length > 10)).length")
    assert without == 0
    assert page.locator("img").count() >= 6
    assert page.eval_on_selector_all(
        "img",
        "all => Promise.all(all.map(i => { i.loading = 'eager'; return i.decode().then(() => true); }))",
    )


def test_people_sort_by_mouse_and_by_key(opened):
    page = opened("trial")
    header = page.locator("#people-table thead th").nth(1)
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    counts = [int(value) for value in column(page, "people-table", 1)]
    assert counts == sorted(N_TRAIN.values())
    header.locator("button").focus()
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert [int(value) for value in column(page, "people-table", 1)] == counts[::-1]
    assert page.locator("#people-table th[aria-sort=ascending]").count() == 0
    name = page.locator("#people-table thead th").first
    name.locator("button").click()
    assert column(page, "people-table", 0) == [name.replace("_", " ") for name in sorted(PEOPLE)]


@pytest.mark.parametrize("kind", ["trial", "sweep"])
def test_people_are_filtered_as_one_types(opened, kind):
    page = opened(kind)
    box = page.get_by_label("Find a person")
    box.fill("person 01")
    found = sorted(name.replace("_", " ") for name in PEOPLE if "01" in name)
    assert sorted(column(page, "people-table", 0)) == found
    assert page.locator("output").last.text_content() == f"{len(found)} of 160 shown"
    page.locator("#people-table thead button").nth(1).click()
    assert len(column(page, "people-table", 1)) == len(found)
    box.fill("nobody of that name")
    assert column(page, "people-table", 0) == []
    box.fill("")
    assert len(column(page, "people-table", 0)) == len(PEOPLE)


@pytest.mark.parametrize("kind", ["trial", "sweep"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_page_does_not_scroll_sideways(opened, kind, size):
    page = opened(kind, size)
    width = SIZES[size][0]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.eval_on_selector_all(
        ".chart svg, figure, .card, h1",
        f"all => all.filter(e => e.getBoundingClientRect().right > {width}).length",
    )
    assert wide == 0


def test_charts_follow_the_theme(opened):
    page = opened("trial", scheme="dark")
    ink = "getComputedStyle(document.querySelector('.chart .xtick text')).fill"

    def rgb(colour):
        return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"

    assert page.evaluate(ink) == rgb(figures.DARK.ink)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="light")
    for _ in range(100):  # the page's policy forbids the eval that wait_for_function needs
        if page.evaluate(ink) == rgb(figures.LIGHT.ink):
            break
        page.wait_for_timeout(50)
    assert page.evaluate(ink) == rgb(figures.LIGHT.ink)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != background


def test_what_failed_stands_above_the_verdict(opened):
    for kind in ("trial", "sweep"):
        page = opened(kind)
        failed = page.locator(".banner.bad", has_text="1 of 4 differs").first.bounding_box()
        assert failed["y"] < page.locator("h1").bounding_box()["y"]


SEEN = """tables => tables.map(table => {
    const box = table.getBoundingClientRect(), row = table.querySelector("tbody tr");
    const heads = table.querySelectorAll("thead th");
    const first = [...row.cells].findIndex((cell, at) => at && heads[at].dataset.kind === "number");
    if (first < 0) return null;
    const cell = row.cells[first].getBoundingClientRect();
    return [table.getAttribute("aria-label"), cell.left >= box.left && cell.right <= box.right + 1];
})"""


@pytest.mark.parametrize("kind", ["trial", "sweep"])
def test_on_a_phone_the_first_number_of_each_table_is_seen(opened, kind):
    page = opened(kind, "phone")
    found = [one for one in page.eval_on_selector_all(".scroll", SEEN) if one is not None]
    assert found
    assert [name for name, seen in found if not seen] == []


@pytest.mark.parametrize("kind", ["trial", "sweep"])
def test_the_way_through_the_page_is_not_cut_on_a_wide_screen(opened, kind):
    page = opened(kind)
    wide, room = page.eval_on_selector("nav", "nav => [nav.scrollWidth, nav.clientWidth]")
    assert wide <= room
