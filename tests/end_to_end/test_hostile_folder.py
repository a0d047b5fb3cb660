"""A folder of people that was made to do harm, or only badly kept: each file is used or named, and no more is done."""

import json
import os
import pickle
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from facetrial.trial.rows import read_rows
from tests.helpers.commands import run
from tests.helpers.photographs import draw_people

FORMULA, ESCAPES = "=HYPERLINK(A1)", "Bob\x1b]0;mine\x07\x9b2J"
MARKUP, MATHS = "<img src=x onerror=alert(1)>", "$\\frac{"
PEOPLE = (FORMULA, ESCAPES, MARKUP, MATHS)
LEFT_OUT = {
    "empty.jpg": "an empty file",
    "strip.png": "2000 x 19 pixels, at least 20 on each side are needed",
    "huge.gif": "more than 110,000,000 pixels",
    "run.jpg": "not a picture that is read",
    "outside.jpg": "a copy of ",
    "\x1b[2J.png": "an empty file",
    "phone.heic": "of a kind that is not read",
}


class Owned:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return Path.touch, (self.place,)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("hostile")
    root = draw_people(home / "people", dict.fromkeys(PEOPLE, 8))
    folder = root / FORMULA
    for name in ("empty.jpg", "\x1b[2J.png", "phone.heic"):
        (folder / name).touch()
    Image.new("RGB", (2000, 19)).save(folder / "strip.png")
    Image.new("L", (32, 32)).save(folder / "huge.gif")
    content = bytearray((folder / "huge.gif").read_bytes())
    content[6:10] = b"\xff" * 4
    (folder / "huge.gif").write_bytes(content)
    (folder / "run.jpg").write_bytes(pickle.dumps(Owned(home / "owned")))
    os.symlink(folder / f"{FORMULA}_0001.jpg", folder / "outside.jpg")
    os.symlink("/dev/zero", folder / "endless.jpg")
    os.symlink(folder, folder / "loop")
    return home


@pytest.fixture(scope="module")
def out(home) -> Path:
    (home / "out").mkdir()
    (home / "precious").write_text("precious")
    for name in ("verdicts.csv", "summary.json", "report.html"):
        os.symlink(home / "precious", home / "out" / name)
    before = set(os.listdir(home))
    done = run(
        home, "data=folder", f"data.root={home / 'people'}", "data.on_no_face=centre", "embedder=small",
        "embedder.size=32", "embedder.channels=4", "embedder.dimension=8", "model=transfer", "attack=random",
        "trainer.accelerator=cpu", "save_images=true", out="out",
    )  # fmt: skip
    assert done.returncode == 0, done.said
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", done.said)
    assert set(os.listdir(home)) - before == {"models", "cache"}  # and nobody has run what was pickled
    return home / "out"


def test_what_could_not_be_used_is_counted_and_named(out):
    left_out = json.loads((out / "summary.json").read_text())["left_out"]
    reasons = {file.removeprefix(f"{FORMULA}/"): reason for file, reason in left_out["pictures"].items()}
    assert left_out["n"] == len(reasons)
    assert (
        reasons.keys() - {f"loop/{name}" for name in os.listdir(out.parent / "people" / FORMULA)}
        == LEFT_OUT.keys()
    )
    assert all(LEFT_OUT[name] in reason for name, reason in reasons.items() if name in LEFT_OUT)
    assert "0001.jpg" in reasons["outside.jpg"]


def test_no_name_is_a_formula(out):
    for path in out.glob("*.csv"):
        cells = pd.read_csv(path, keep_default_na=False, dtype=str)
        assert not cells.map(lambda cell: bool(re.match(r"[=+@\t\r]|-(?![\d.])", cell))).any(axis=None), path
    rows = read_rows(out / "verdicts.csv")
    assert set(rows["identity"]) == set(PEOPLE)
    assert {Path(file).parent.name for file in rows["file"]} == set(PEOPLE)


def test_no_name_is_markup(out):
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    parser.feed((out / "report.html").read_text(encoding="utf-8"))
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
    assert all(attributes["src"].startswith("data:") for tag, attributes in tags if tag == "img")


def test_nothing_lies_outside_the_folder(out):
    assert (out.parent / "precious").read_text() == "precious"
    assert not any(path.is_symlink() for path in out.iterdir())
    images = {path.relative_to(out / "images") for path in (out / "images").rglob("*.png")}
    assert {path.parts[0] for path in images} <= set(PEOPLE)
    assert len(images) == json.loads((out / "summary.json").read_text())["n"]
