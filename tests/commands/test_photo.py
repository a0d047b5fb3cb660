"""`facetrial photo` on drawn people, and on LFW where it is: the same as a trial says of the same picture."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facetrial.commands.photo import main
from tests.helpers.asked import SMALL, ask
from tests.helpers.commands import Done, results, run_config
from tests.helpers.drawn_folders import draw_photographs

PGD = ("--attack", "pgd", "--eps", "16", "attack.method.steps=5")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Five people, one of them with two pictures; a photograph of two, one without a face, and one cut short."""
    folder = tmp_path_factory.mktemp("photo")
    draw_photographs(folder / "people", ("Ann", "Bob", "Cem", "Dia"), 6)
    (folder / "people" / "Few").mkdir()
    for number in (1, 2):
        (folder / "people" / "Dia" / f"Dia_000{number}.jpg").rename(
            folder / "people" / "Few" / f"Few_{number}.jpg"
        )
    one, other = (Image.open(folder / "people" / name / f"{name}_0003.jpg") for name in ("Ann", "Bob"))
    two = Image.new("RGB", (320, 160))
    two.paste(one, (0, 0))
    two.paste(other, (160, 0))
    two.save(folder / "two.png")
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "nobody.png")
    (folder / "cut.jpg").write_bytes((folder / "people" / "Ann" / "Ann_0001.jpg").read_bytes()[:900])
    shutil.copy(folder / "people" / "Cem" / "Cem_0001.jpg", folder / "stray.jpg")
    return folder


def photo(home: Path, *words: str) -> Done:
    return ask(main, home, *words, "--people", "people")


@pytest.fixture(scope="module")
def trial(home):
    """The rows of `facetrial evaluate` with the same words."""
    words = ["data=folder", f"data.root={home / 'people'}", "attack=pgd", "attack.budget.eps=16"]
    places = [
        f"paths.cache={home / 'cache'}",
        f"paths.models={home / 'models'}",
        "logger=none",
        "callbacks=none",
    ]
    done = run_config(home, home / "out", *words, "attack.method.steps=5", *places, *SMALL)
    assert done.returncode == 0, done.said
    return results(home / "out")[1].set_index("file")


def test_it_says_of_a_picture_what_a_trial_says(home, trial):
    known = trial[
        trial["correct_clean"]
    ]  # whom it takes for somebody else, the trial has dodge the right name
    file, row = known.index[0], known.iloc[0]
    done = photo(home, f"people/{file}", *PGD, "--out", f"{row['identity']}.png")
    assert done.returncode == 0, done.said
    lines = done.said.splitlines()
    clean = next(line for line in lines if line.startswith(f"{file}: "))
    assert clean.startswith(f"{file}: {row['identity']}. Margin {row['margin_clean']:+.2f}, of the scores ")
    attacked = next(line for line in lines if line.startswith("Attacked by pgd (Linf 16/255, 5 steps), "))
    assert f"it is taken for {row['predicted_attacked']}: " in attacked
    assert ("is fooled" in attacked) == (not row["correct_attacked"])
    with Image.open(home / f"{row['identity']}.png") as shown:
        assert shown.width > 2 * shown.height
    assert f"Saved: {row['identity']}.png" in lines


def test_without_an_attack_it_says_who_it_is_and_writes_nothing(home):
    before = set((home / "outputs").rglob("*"))
    done = photo(home, "stray.jpg")
    assert done.returncode == 0, done.said
    assert "stray.jpg: " in done.said
    assert "enrolled pictures is " in done.said
    assert set((home / "outputs").rglob("*")) == before


def test_a_picture_that_its_person_was_enrolled_with_is_no_test(home, trial):
    enrolled = [
        path for path in sorted((home / "people" / "Ann").iterdir()) if f"Ann/{path.name}" not in trial.index
    ]
    saved_again = [home / f"again_{path.name}" for path in enrolled]
    for path, again in zip(enrolled, saved_again, strict=True):
        with Image.open(path) as picture:
            picture.save(again, quality=80)
    for pictures in (enrolled, saved_again):
        said = [photo(home, str(path)).said for path in pictures]
        told = sum("was enrolled with, as it is or saved again, and no test" in one for one in said)
        assert told == len(enrolled) - 1  # one is of validation


def test_the_same_words_write_the_same_file(home):
    first, second = (photo(home, "stray.jpg", *PGD, "save_images=true").said for _ in range(2))
    (place,) = [line.removeprefix("Saved: ") for line in first.splitlines() if line.startswith("Saved: ")]
    assert f"Saved: {place}" in second
    assert place.startswith("outputs/photo/stray-pgd-")
    face = home / place.replace(".png", "-attacked.png")
    with Image.open(face) as attacked:
        assert attacked.size == (32, 32)
    other = photo(home, "stray.jpg", *PGD, "seed=1").said
    assert f"Saved: {place}" not in other


def test_it_may_be_attacked_to_be_taken_for_somebody(home):
    done = photo(home, "stray.jpg", *PGD, "goal=impersonation", "goal.target=Bob", "attack/region=eyes")
    assert done.returncode == 0, done.said
    assert (
        "Attacked by pgd (region=eyes) (Linf 16/255, 5 steps), to be taken for Bob, it is taken for "
        in done.said
    )


def test_privacy_writes_no_picture(home):
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*.png")}
    done = photo(home, "stray.jpg", *PGD, "privacy=on")
    assert done.returncode == 0, done.said
    assert "privacy=on: no picture is written." in done.said
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*.png")} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.jpg"], "the picture gone.jpg is not there"),
        (["people"], "the picture people is a folder"),
        (["cut.jpg"], "cut.jpg cannot be used: damaged: "),
        (["nobody.png"], "mtcnn finds no face on nobody.png"),
        (
            ["two.png"],
            "there are 2 faces on two.png. Cut it to the one that is meant, or say which: --face largest",
        ),
        (
            ["people/Few/Few_1.jpg"],
            "Few, in whose folder people/Few/Few_1.jpg lies, has fewer than 3 pictures",
        ),
        (
            ["stray.jpg", "--attack", "pdg"],
            "--attack pdg: there is no such attack. Did you mean pgd? There are apgd, ",
        ),
        (
            ["stray.jpg", "--attack", "random", "--eps", "4"],
            "has no eps. Give attack.budget.rms=0.1, or another",
        ),
        (
            ["stray.jpg", "--attack", "pgd", "--eps", "0.03"],
            "attack.budget.eps: 0.03 looks like 8/255: write 8.",
        ),
        (["stray.jpg", "--attack", "pgd", "attack/region=eyez"], "Could not find 'attack/region/eyez'"),
        (
            ["stray.jpg", "--eps", "4"],
            "--eps is of an attack, and none is named. Give one, such as --attack pgd.",
        ),
        (["stray.jpg", "attack/region=eyes"], "attack/region=eyes is of an attack, and none is named."),
        (["stray.jpg", "--attack", "pgd", "--out", "two.png"], "--out two.png is there already."),
        (["stray.jpg", "--attack", "pgd", "--out", "a.jpg"], "--out a.jpg must end in .png"),
        (["stray.jpg", "checks=thorough"], "checks=thorough: checks is of whole trials"),
        (["stray.jpg", "--people", "nowhere"], "data.root=nowhere is not a folder."),
    ],
)
def test_what_is_refused(home, words, said):
    people = [] if "--people" in words else ["--people", "people"]
    done = ask(main, home, *words, *people)
    assert done.returncode == 1
    assert said in done.said
    assert "Traceback" not in done.said


def test_of_several_faces_the_one_that_is_meant_is_taken(home):
    done = photo(home, "two.png", "--face", "largest")
    assert done.returncode == 0, done.said
    assert "two.png: " in done.said


def test_people_are_needed(home):
    assert "whom could it show? Give --people PEOPLE" in ask(main, home, "stray.jpg").said
    (home / "alone" / "Ann").mkdir(parents=True)
    for path in (home / "people" / "Ann").iterdir():
        shutil.copy(path, home / "alone" / "Ann")
    done = ask(main, home, "stray.jpg", "--people", "alone")
    assert done.returncode == 1
    assert "all pictures are of Ann, and a recogniser tells people apart" in done.said


@pytest.mark.parametrize("words", [["stray.jpg", "hello"], ["embedder=small"]])
def test_words_that_are_nothing_end_with_the_usage(home, words):
    done = photo(home, *words)
    assert done.returncode == 2
    assert "usage: facetrial photo" in done.said


def test_a_real_face_is_known_and_a_stranger_is_told(shared, tmp_path):
    weights = shared / "weights" / "mobilefacenet_y1.safetensors"
    people = tmp_path / "people"
    folders = sorted(
        path for path in (shared / "data/lfw_home/lfw_funneled").iterdir() if len(list(path.iterdir())) >= 8
    )
    for folder in folders[:30]:
        (people / folder.name).mkdir(parents=True)
        for path in sorted(folder.iterdir())[:5]:
            (people / folder.name / path.name).symlink_to(path)
    own = [
        "--people",
        str(people),
        "embedder=mobilefacenet",
        f"embedder.weights={weights}",
        "--face",
        "central",
    ]
    known, stranger = folders[0], folders[-1]
    for folder in (known, stranger):
        shutil.copy(sorted(folder.iterdir())[6], tmp_path / f"{folder.name}.jpg")

    def said(folder: Path, *words: str) -> str:
        return ask(main, tmp_path, f"{folder.name}.jpg", *own, *words, settings=()).said

    found = said(known, "--attack", "pgd", "--eps", "4")
    assert f"{known.name}.jpg: {known.name.replace('_', ' ')}. Margin +" in found
    assert "one of these people's: not below 0." in found
    assert "the recogniser is fooled." in found
    assert "more likely that of nobody here: below 0." in said(stranger)
