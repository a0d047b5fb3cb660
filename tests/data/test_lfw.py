"""LFW from folders as people have them, with caches that are cut short, go stale and cannot be written."""

import json
import os
import signal
import subprocess
import sys
import unicodedata
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.data.lfw import LFW
from facetrial.data.photos import detection_cache
from facetrial.data.photos.alignment import TEMPLATE_112, FivePointsAlignment
from facetrial.data.photos.crops import CENTRE_BOX
from tests.helpers.paths import CONF

LFW_FUNNELED = "data/lfw_home/lfw_funneled"


def draw_people(root: Path, people: dict[str, int], side: int = 48) -> Path:
    """Pictures without a face that MTCNN could find, each different from all others."""
    for name, count in people.items():
        (root / name).mkdir(parents=True)
        for number in range(1, count + 1):
            seed = [*f"{name}{number}".encode()]
            pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
            picture = Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)
            picture.save(root / name / f"{name}_{number:04d}.jpg")
    return root


def lfw(root: Path | None, tmp_path: Path, **changes) -> LFW:
    settings = {"size": 32, "alignment": "facenet", "min_pictures": 4, "cache": str(tmp_path / "cache")}
    return LFW(root=None if root is None else str(root), **settings | changes)


@pytest.fixture
def searched(monkeypatch) -> list[Path]:
    """The pictures that MTCNN was given, as they are given."""
    seen: list[Path] = []
    original = detection_cache._detect

    def watched(paths, *rest):
        seen.extend(paths)
        return original(paths, *rest)

    monkeypatch.setattr(detection_cache, "_detect", watched)
    return seen


def test_folders_of_systems_and_viewers_are_no_people(tmp_path):
    draw_people(tmp_path / "data", {"Ann_Lee": 4, ".thumbnails": 6, "__MACOSX": 6})
    data = lfw(tmp_path / "data", tmp_path)
    assert data.names == ["Ann Lee"]
    assert len(LFW.source_files(tmp_path / "data")) == 4


@pytest.mark.parametrize("inside", ["", "lfw_funneled", "lfw_home/lfw_funneled"])
def test_layouts(tmp_path, inside):
    draw_people(tmp_path / "data" / inside, {"Ann_Lee": 4, "Bob": 5, "Few_Pictures": 3})
    data = lfw(tmp_path / "data", tmp_path)
    faces = data.all_faces
    assert faces.names == ["Ann Lee", "Bob"]
    assert faces.files[:2] == ["Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0002.jpg"]
    assert faces.identities.tolist() == [0] * 4 + [1] * 5
    assert faces.pixels.shape == (9, 32, 32, 3)
    data.setup()
    assert sorted(data.train_faces.files + data.validation_faces.files + data.test_faces.files) == faces.files


def test_names_with_blanks_and_accents(tmp_path):
    decomposed = unicodedata.normalize("NFD", "José_Ñandú")
    draw_people(tmp_path / "data", {decomposed: 4, "Anna  Maria": 4, "李": 4})
    faces = lfw(tmp_path / "data", tmp_path).all_faces
    assert faces.names == ["Anna  Maria", "José Ñandú", "李"]
    assert "José_Ñandú/José_Ñandú_0001.jpg" in faces.files


def test_people_who_would_share_a_name_keep_their_folders(tmp_path):
    draw_people(tmp_path / "data", {"Ann Lee": 4, "Ann_Lee": 4})
    assert lfw(tmp_path / "data", tmp_path).all_faces.names == ["Ann Lee", "Ann_Lee"]


def test_other_files_are_not_pictures(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 4})
    (root / "readme.txt").write_text("about")
    (root / "Ann" / "notes.txt").write_text("about Ann")
    (root / "Ann" / "._Ann_0001.jpg").write_bytes(b"a Mac's")
    data = lfw(root, tmp_path)
    assert len(data.all_faces) == 4
    assert not data.bad_pictures


def spoil(root: Path) -> None:
    cut = root / "Ann" / "Ann_0001.jpg"
    cut.write_bytes(cut.read_bytes()[:300])
    (root / "Ann" / "Ann_0002.jpg").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(root / "Ann" / "Ann_0003.jpg")
    (root / "Bob" / "Bob_0001.jpg").write_text("not a picture")


def test_bad_pictures_are_skipped_counted_and_listed(tmp_path, caplog):
    root = draw_people(tmp_path / "data", {"Ann": 8, "Bob": 4, "Cem": 4})
    spoil(root)
    data = lfw(root, tmp_path)
    faces = data.all_faces
    assert faces.names == ["Ann", "Cem"]  # Bob has too few left
    assert len(faces) == 5 + 4
    bad = data.bad_pictures
    assert list(bad) == ["Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", "Ann/Ann_0003.jpg", "Bob/Bob_0001.jpg"]
    assert "damaged" in bad["Ann/Ann_0001.jpg"]
    assert "empty" in bad["Ann/Ann_0002.jpg"]
    assert "1 x 1" in bad["Ann/Ann_0003.jpg"]
    assert "4 picture(s) cannot be used" in caplog.text
    assert "1 people have too few" in caplog.text
    (notes,) = (tmp_path / "cache" / "crops").glob("*.json")
    assert json.loads(notes.read_text())["bad_pictures"] == bad
    again = lfw(root, tmp_path)
    assert again.all_faces.files == faces.files
    assert again.bad_pictures == bad


def test_bad_pictures_can_be_fatal(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 8, "Bob": 5})
    spoil(root)
    with pytest.raises(FacetrialError, match=r"4 picture\(s\).*Ann_0001.jpg \(damaged"):
        lfw(root, tmp_path, on_bad_picture="error").all_faces  # noqa: B018


def test_grey_rgba_and_sixteen_bit_pictures_are_used(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 1})
    ramp = np.tile(np.linspace(0, 255, 48).astype(np.uint8), (48, 1))
    Image.fromarray(ramp).save(root / "Ann" / "grey.png")
    Image.fromarray(ramp).convert("RGBA").save(root / "Ann" / "alpha.png")
    Image.fromarray(ramp.astype(np.uint16) * 257).save(root / "Ann" / "deep.png")
    data = lfw(root, tmp_path)
    pixels = {file: data.all_faces.pixels[row] for row, file in enumerate(data.all_faces.files)}
    np.testing.assert_array_equal(pixels["Ann/grey.png"], pixels["Ann/deep.png"])
    np.testing.assert_array_equal(pixels["Ann/grey.png"], pixels["Ann/alpha.png"])
    assert not data.bad_pictures


def test_no_face_is_cut_at_the_centre_and_listed(tmp_path, caplog):
    root = draw_people(tmp_path / "data", {"Ann": 4}, side=100)
    data = lfw(root, tmp_path, alignment="facenet", margin=0)
    faces = data.all_faces
    assert data.no_face == faces.files
    assert "4 of 4 pictures have no face" in caplog.text
    assert np.isnan(faces.five_points).all()
    np.testing.assert_allclose(faces.boxes, [[0, 0, 32, 32]] * 4, atol=0.8)  # windows are of whole pixels
    whole = Image.open(root / faces.files[0])
    expected = whole.crop([int(edge) for edge in CENTRE_BOX * 100]).resize(
        (32, 32), Image.Resampling.BILINEAR
    )
    np.testing.assert_array_equal(faces.pixels[0], np.asarray(expected))


def test_missing_and_empty_folders(tmp_path):
    (tmp_path / "empty" / "Nobody").mkdir(parents=True)
    draw_people(tmp_path / "few", {"Ann": 3})
    for root, message in {
        "gone": "not a folder",
        "empty": "no pictures in .*one folder for each person",
        "few": "none of the 1 people .* has 4 pictures; the most is 3",
    }.items():
        with pytest.raises(FacetrialError, match=message):
            lfw(tmp_path / root, tmp_path).all_faces  # noqa: B018


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_pictures": 2}, "min_pictures must be at least 3"),
        ({"on_bad_picture": "maybe"}, "on_bad_picture"),
        ({"alignment": "eyes"}, "alignment"),
        ({"limit": 0}, "limit"),
    ],
)
def test_settings_that_cannot_be(tmp_path, changes, message):
    with pytest.raises(FacetrialError, match=message):
        lfw(tmp_path, tmp_path, **changes)


def test_an_unwritable_cache(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 4})
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FacetrialError, match=r"cannot write .*paths\.cache"):
        lfw(root, tmp_path, cache=str(tmp_path / "file" / "cache")).all_faces  # noqa: B018


@pytest.mark.parametrize("damaged", ["detections/*/*.npz", "crops/*.npz", "crops/*.npy"])
def test_a_damaged_cache_says_what_to_delete(tmp_path, damaged):
    root = draw_people(tmp_path / "data", {"Ann": 4})
    lfw(root, tmp_path).all_faces  # noqa: B018
    path = next((tmp_path / "cache").glob(damaged))
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(FacetrialError, match=r"is damaged .* Delete it"):
        lfw(root, tmp_path).all_faces  # noqa: B018


def test_the_cache_knows_what_made_it(tmp_path, searched):
    root = draw_people(tmp_path / "data", {"Ann": 5, "Bob": 4})
    first = lfw(root, tmp_path).all_faces
    assert len(searched) == 9
    crops = tmp_path / "cache" / "crops"

    os.utime(root / "Ann" / "Ann_0001.jpg", (0, 0))
    again = lfw(root, tmp_path).all_faces
    np.testing.assert_array_equal(again.pixels, first.pixels)
    assert len(list(crops.glob("*.npy"))) == 1

    for number, changes in enumerate([{"alignment": "five_points"}, {"size": 40}, {"margin": 2}], start=2):
        lfw(root, tmp_path, **changes).all_faces  # noqa: B018
        assert len(list(crops.glob("*.npy"))) == number
    lfw(root, tmp_path, min_pictures=5).all_faces  # noqa: B018
    assert len(searched) == 9  # faces are found once, whatever is cut from them

    Image.new("RGB", (48, 48), "red").save(root / "Bob" / "Bob_0002.jpg")
    changed = lfw(root, tmp_path).all_faces
    assert searched[9:] == [root / "Bob" / "Bob_0002.jpg"]
    row = changed.files.index("Bob/Bob_0002.jpg")
    assert changed.pixels[row, 16, 16].tolist() == pytest.approx([255, 0, 0], abs=3)


def test_crops_are_memory_mapped_and_read_only(tmp_path):
    faces = lfw(draw_people(tmp_path / "data", {"Ann": 4}), tmp_path).all_faces
    assert isinstance(faces.pixels, np.memmap)
    assert not faces.pixels.flags.writeable
    images = faces.batch([0, 2]).images
    np.testing.assert_array_equal((images[1] * 255).round().permute(1, 2, 0), faces.pixels[2])


def test_loading_draws_nothing_from_torchs_generator_and_keeps_its_threads(tmp_path):
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    lfw(draw_people(tmp_path / "data", {"Ann": 4}), tmp_path).all_faces  # noqa: B018
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


_CUT_SHORT = """
import os, signal, sys, threading
from facetrial.data.photos import detection_cache
from facetrial.data.lfw import LFW

# A shell starts what runs in its background deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
detection_cache._CHUNK, detect, lock, done = 3, detection_cache._detect, threading.Lock(), []

def cut_short(*arguments):
    result = detect(*arguments)
    with lock:
        done.append(1)
        if len(done) == 4:
            os.kill(os.getpid(), int(sys.argv[3]))
            threading.Event().wait(0.5)
    return result

detection_cache._detect = cut_short
LFW(root=sys.argv[1], size=32, alignment="facenet", cache=sys.argv[2], min_pictures=4).all_faces
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT], ids=["kill", "Ctrl-C"])
def test_alignment_that_was_cut_short_goes_on(tmp_path, searched, by):
    root = draw_people(tmp_path / "data", {"Ann": 20, "Bob": 22})
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", _CUT_SHORT, str(root), str(cache), str(int(by))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0, ended.stderr
    kept = sum(len(np.load(path)["digests"]) for path in cache.glob("detections/*/[!.]*.npz"))
    assert 0 < kept < 42

    resumed = lfw(root, tmp_path).all_faces
    assert len(searched) == 42 - kept
    fresh = lfw(root, tmp_path, cache=str(tmp_path / "fresh")).all_faces
    np.testing.assert_array_equal(resumed.pixels, fresh.pixels)
    np.testing.assert_array_equal(resumed.boxes, fresh.boxes)


def test_crops_cut_short_leave_no_half_file(tmp_path, monkeypatch):
    root = draw_people(tmp_path / "data", {"Ann": 6})
    data = lfw(root, tmp_path)
    align, calls = type(data.alignment).align, []

    def stops(*arguments):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return align(*arguments)

    monkeypatch.setattr(type(data.alignment), "align", stops)
    with pytest.raises(KeyboardInterrupt):
        data.all_faces  # noqa: B018
    assert list((tmp_path / "cache" / "crops").iterdir()) == []
    assert len(lfw(root, tmp_path).all_faces) == 6


def test_a_full_disk_is_an_error_that_says_how_much_room_it_takes(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    root = draw_people(tmp_path / "data", {"Ann": 4})
    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(FacetrialError, match=r"No space left.*MiB.*paths\.cache"):
        lfw(root, tmp_path).all_faces  # noqa: B018
    assert not list((tmp_path / "cache" / "crops").iterdir())


def test_what_a_killed_run_left_is_cleared_away(tmp_path):
    root = draw_people(tmp_path / "data", {"Ann": 4})
    lfw(root, tmp_path).all_faces  # noqa: B018
    (pixels,) = (tmp_path / "cache" / "crops").glob("*.npy")
    old, young = (pixels.with_name(f".{pixels.stem}-{age}.npy") for age in ("old", "young"))
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (0, 0))
    pixels.unlink()
    lfw(root, tmp_path).all_faces  # noqa: B018
    assert not old.exists()
    assert young.exists()


def test_the_config_makes_it(tmp_path):
    config = OmegaConf.merge(
        {"embedder": {"size": 112, "alignment": "five_points"}, "paths": {"cache": str(tmp_path)}},
        {"data": OmegaConf.load(CONF / "data" / "lfw.yaml")},
    )
    data = instantiate(config.data, min_pictures=5)
    assert data.alignment == FivePointsAlignment(112)
    assert data.min_pictures == 5
    assert data.cache == tmp_path


@pytest.fixture
def scikit_learns_home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "sk"))
    return tmp_path / "sk" / "lfw_home"


def test_scikit_learn_downloads_when_no_root_is_given(tmp_path, monkeypatch, scikit_learns_home, caplog):
    def download(**_):
        draw_people(scikit_learns_home / "lfw_funneled", {"Ann": 4})

    monkeypatch.setattr("sklearn.datasets.fetch_lfw_people", download)
    assert len(lfw(None, tmp_path).all_faces) == 4
    assert "scikit-learn downloads it" in caplog.text
    caplog.clear()
    assert len(lfw(None, tmp_path).all_faces) == 4
    assert "downloads" not in caplog.text


def test_a_download_that_fails_says_what_to_do(tmp_path, monkeypatch, scikit_learns_home):
    def offline(**_):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("sklearn.datasets.fetch_lfw_people", offline)
    with pytest.raises(FacetrialError, match=r"no route to host.*data\.root=DIR"):
        lfw(None, tmp_path).all_faces  # noqa: B018


def test_a_download_cut_short_while_unpacking(tmp_path, scikit_learns_home):
    draw_people(scikit_learns_home / "lfw_funneled", {"Ann": 4})
    (scikit_learns_home / "lfw-funneled.tgz").write_bytes(b"half")
    with pytest.raises(FacetrialError, match="cut short"):
        lfw(None, tmp_path).all_faces  # noqa: B018


@pytest.fixture(scope="module")
def real_people(shared, tmp_path_factory) -> Path:
    """Links to four pictures of each of a dozen people."""
    root = tmp_path_factory.mktemp("real")
    people = {person: sorted(person.glob("*.jpg")) for person in (shared / LFW_FUNNELED).iterdir()}
    for person in sorted(person for person, pictures in people.items() if len(pictures) >= 4)[::14][:12]:
        (root / person.name).mkdir()
        for number, picture in enumerate(people[person][:4]):
            (root / person.name / f"{number}.jpg").symlink_to(picture)
    return root


@pytest.mark.real
def test_real_faces_are_found_and_land_on_the_template(tmp_path, real_people):
    data = lfw(real_people, tmp_path, size=112, alignment="five_points")
    faces = data.all_faces
    assert len(faces.names) == 12
    assert not data.no_face
    misses = np.linalg.norm(faces.five_points - TEMPLATE_112, axis=-1)
    assert np.median(misses) < 3
    assert misses.mean(1).max() < 12  # a head turned to the side


@pytest.mark.real
def test_real_faces_fill_the_facenet_crop_but_for_its_margin(tmp_path, real_people):
    data = lfw(real_people, tmp_path, size=160)
    faces = data.all_faces
    np.testing.assert_allclose(np.median(faces.boxes, axis=0), [18, 18, 142, 142], atol=1.5)
    x0, y0, x1, y1 = faces.boxes[:, None].transpose(2, 0, 1)
    x, y = faces.five_points.transpose(2, 0, 1)
    assert ((x > x0) & (x < x1) & (y > y0) & (y < y1)).mean() > 0.98


@pytest.mark.real
def test_the_face_nearest_the_centre_is_taken(shared, tmp_path):
    people = shared / LFW_FUNNELED
    with Image.open(people / "George_W_Bush/George_W_Bush_0001.jpg") as bush:
        wide = Image.new("RGB", (600, 250))
        wide.paste(bush.resize((240, 240)), (0, 0))
        wide.paste(bush.crop((50, 50, 200, 200)), (225, 50))
        wide.paste(bush.resize((240, 240)), (380, 0))
    (tmp_path / "data" / "Bush").mkdir(parents=True)
    for number in range(4):
        wide.save(tmp_path / "data" / "Bush" / f"{number}.png")
    found = detection_cache.find_faces([tmp_path / "data/Bush/0.png"], ["a"], tmp_path / "cache")
    assert 240 < found.boxes[0, 0] < found.boxes[0, 2] < 360
