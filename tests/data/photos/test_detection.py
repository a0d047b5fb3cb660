"""Which of several faces in a picture is taken, and what becomes of pictures in which none can be."""

import numpy as np
import pytest
from PIL import Image

from facetrial.data.photos import detection_cache
from facetrial.data.photos.detection import Search, detect_each, find_in, nothing_found, one_face_each
from tests.helpers.photographs import LFW_FUNNELED, FoundHere


@pytest.mark.parametrize(("face", "taken"), [("largest", 0), ("central", 1)])
def test_which_of_several_faces_is_taken(face, taken):
    detector = FoundHere((0, 0, 40, 50), (40, 40, 62, 62), (90, 90, 95, 95))
    pictures = np.zeros((2, 100, 100, 3), np.uint8)
    boxes, points, counts = one_face_each(pictures, detector, Search(face))
    assert boxes.tolist() == [detector.boxes[taken].tolist()] * 2
    assert points[0, 0].tolist() == detector.boxes[taken, :2].tolist()
    assert counts.tolist() == [2, 2]  # the third is a speck


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


@pytest.mark.parametrize("size", [(20, 9000), (9000, 20), (60, 4000), (1080, 60000), (2000, 21)])
@pytest.mark.parametrize("longest", [None, 1024])
def test_strips_have_no_face_and_take_none_from_others(size, longest):
    strip, other = Image.new("RGB", size, "#789a5c"), Image.new("RGB", (250, 250), "#789a5c")
    found = find_in([other, strip, strip, other], Search(longest=longest, smallest=0.06))
    assert not found.found.any()
    assert found.counts.tolist() == [0] * 4
    assert found.problems == [""] * 4


@pytest.mark.parametrize("side", range(40, 60))
def test_a_face_as_large_as_the_picture_may_be_looked_for(side):
    found = find_in([Image.new("RGB", (side, side))], Search(smallest=0.99))
    assert not found.found.any()


def test_of_large_pictures_few_go_together():
    detector, search = FoundHere((10, 10, 60, 60)), Search()
    pictures = [Image.new("RGB", (4000, 1000))] * 5 + [Image.new("RGB", (40000, 60))] * 4
    calls = []
    shrunk = ((row, *search.shrunk(picture)) for row, picture in enumerate(pictures))
    detect_each(shrunk, nothing_found(9), detector, calls.append, search)
    assert calls == [4, 1, 4]
    assert detector.sizes == [(1000, 4000)] * 5 + [(6, 4096)] * 4


def test_the_settings_of_a_search_are_what_caches_go_by():
    assert Search().settings == (
        "mtcnn 2.5.3 smallest 0.16 thresholds (0.6, 0.7, 0.7) factor 0.709"  # as caches of 0.1 have it
    )
    by_another = Search(detector="centerface").settings
    assert by_another.startswith("centerface ")
    assert by_another != Search().settings
