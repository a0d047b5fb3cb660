"""`facetrial verify` on drawn people, and on LFW where it is."""

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from facetrial.commands.verify import main
from tests.helpers.asked import ask
from tests.helpers.drawn_folders import draw_photographs

PGD = ("--attack", "pgd", "--eps", "16", "attack.method.steps=10")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("verify")
    draw_photographs(folder / "people", ("Ann", "Bob", "Cem"), 4)
    for name in ("Ann", "Bob"):
        shutil.copy(folder / "people" / name / f"{name}_0001.jpg", folder / f"{name}.jpg")
    return folder


def cosine(said: str) -> float:
    found = re.search(r"cosine (-?\d\.\d+)", said)
    assert found is not None, said
    return float(found[1])


def test_the_attack_turns_the_verdict_at_the_threshold_that_is_given(home):
    at = cosine(ask(main, home, "Ann.jpg", "Bob.jpg", "--threshold", "0").said)
    near = at - 0.005  # drawn faces look alike to a network that was never trained
    done = ask(main, home, "Ann.jpg", "Bob.jpg", "--threshold", f"{near:.4f}", *PGD, "--out", "shown.png")
    assert done.returncode == 0, done.said
    assert f"Ann.jpg and Bob.jpg: the same person, cosine {at:.3f}." in done.said
    assert f"The threshold is {near:.3f}, as it was given." in done.said
    found = re.search(
        r"Ann.jpg attacked by pgd \(Linf 16/255, 10 steps\): (.*), cosine (\S+); (.*)\n", done.said
    )
    assert found is not None
    assert found[1] == "two people"
    assert float(found[2]) < near
    assert found[3] == "the recogniser is fooled."
    with Image.open(home / "shown.png") as shown:
        assert shown.width > 2.5 * shown.height  # the other picture stands beside


def test_the_threshold_is_set_on_the_pairs_of_people_but_for_these_pictures(home):
    done = ask(main, home, "Ann.jpg", "Bob.jpg", "--people", "people")
    assert done.returncode == 0, done.said
    assert (
        ", the best for all pairs of 10 pictures of 3 people in people." in done.said
    )  # 12, of which two are judged


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Ann.jpg", "Bob.jpg"], "of small with these weights it is not known from which cosine on"),
        (["Ann.jpg", "Ann.jpg", "--threshold", "0"], "Ann.jpg is given twice."),
        (["Ann.jpg", "Bob.jpg", "--threshold", "3"], "--threshold is a cosine, from -1 to 1; found 3."),
        (["Ann.jpg", "gone.jpg"], "the picture gone.jpg is not there"),
        (["Ann.jpg", "Bob.jpg", "--people", "nowhere"], "data.root=nowhere is not a folder."),
        (
            ["Ann.jpg", "Bob.jpg", "--threshold", "0", "--attack", "patch"],
            "fitted on training pictures, and a pair has",
        ),
        (
            ["Ann.jpg", "Bob.jpg", "--threshold", "0", "--attack", "pgd", "goal=impersonation"],
            "task=verification has one goal",
        ),
    ],
)
def test_what_is_refused(home, words, said):
    done = ask(main, home, *words)
    assert done.returncode == 1
    assert said in done.said
    assert "Traceback" not in done.said


def test_one_picture_is_too_few(home):
    done = ask(main, home, "Ann.jpg")  # after it come settings
    assert done.returncode == 2
    assert "expected a PICTURE before the settings, found 'embedder=small'" in done.said


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("mobilefacenet", "mobilefacenet_y1"),
        ("edgeface", "edgeface_xs"),
        ("inception_resnet_v1", "inception_resnet_v1_vggface2"),
    ],
)
def test_published_networks_tell_real_people_apart_at_their_own_threshold(shared, tmp_path, name, file):
    if name == "edgeface":
        pytest.importorskip("timm")
    lfw = shared / "data" / "lfw_home" / "lfw_funneled"
    blair, other, bush = (
        str(lfw / who / f"{who}_{number:04d}.jpg")
        for who, number in (("Tony_Blair", 1), ("Tony_Blair", 30), ("Laura_Bush", 1))
    )
    settings = (f"embedder={name}", f"embedder.weights={shared / 'weights' / file}.safetensors")
    same = ask(main, tmp_path, blair, other, settings=settings)
    two = ask(main, tmp_path, blair, bush, settings=settings)
    assert ": the same person, cosine 0." in same.said
    assert ": two people, cosine " in two.said
    assert "of 600 pairs of LFW (its first fold) are judged rightly." in two.said
