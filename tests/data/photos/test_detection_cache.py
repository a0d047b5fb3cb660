"""Faces that were found once are not searched for again, whatever happened meanwhile."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from facetrial.data.photos import detection_cache
from facetrial.data.photos.detection import Search
from facetrial.data.photos.detection_cache import find_faces
from facetrial.data.photos.image_files import content_digests
from tests.helpers.photographs import FoundHere, draw_people, lfw


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


def test_a_large_picture_is_shrunk_for_the_search_alone(tmp_path):
    detector = FoundHere((10, 20, 50, 80))
    Image.new("RGB", (400, 300)).save(tmp_path / "large.png")
    found, _ = detection_cache._detect(
        [tmp_path / "large.png"], detector, lambda count: None, Search("largest", 0.1, 200)
    )
    assert detector.sizes == [(150, 200)]
    assert found.boxes.tolist() == [[20, 40, 100, 160]]


def test_a_cache_from_before_faces_were_counted_is_read(tmp_path):
    root = draw_people(tmp_path / "people", {"Ann": 3})
    paths = sorted(root.glob("*/*"))
    find_faces(paths, content_digests(paths), tmp_path / "cache", Search())
    (kept,) = (tmp_path / "cache" / "detections").glob("*/*.npz")
    with np.load(kept) as part:
        np.savez(kept, **{name: part[name] for name in part if name != "counts"})
    again = find_faces(paths, content_digests(paths), tmp_path / "cache", Search())
    assert again.counts.tolist() == [-1, -1, -1]


def test_what_memory_or_the_disk_did_not_give_is_read_the_next_time(tmp_path, searched, monkeypatch):
    paths = sorted(draw_people(tmp_path / "people", {"Ann": 3}).glob("*/*"))
    paths[0].write_bytes(b"no picture")
    digests = content_digests(paths)
    fails = {str(paths[1]): MemoryError(), str(paths[2]): OSError(errno.EIO, "Input/output error")}

    def load(self):
        raise fails[str(self.filename)]

    with monkeypatch.context() as patch:
        patch.setattr(JpegImageFile, "load", load)
        first = find_faces(paths, digests, tmp_path / "cache", Search())
    assert "not a picture" in first.problems[0]
    assert first.problems[1:] == [
        "there is too little memory to decode it",
        "cannot be read: Input/output error",
    ]
    again = find_faces(paths, digests, tmp_path / "cache", Search())
    assert again.problems == [first.problems[0], "", ""]
    assert searched[3:] == paths[1:]
    find_faces(paths, digests, tmp_path / "cache", Search())
    assert len(searched) == 5
