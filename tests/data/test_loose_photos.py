import numpy as np
import pytest

from facetrial.core.errors import FacetrialError
from facetrial.data.loose_photos import faces_in, rows_with_same_crop
from tests.helpers.drawn_folders import draw_photographs
from tests.helpers.photographs import folder


def test_a_face_is_cut_as_one_of_the_people_is(tmp_path):
    root = draw_photographs(tmp_path / "people", ("Ann", "Bob"), 3)
    people = folder(root, tmp_path)
    known = people.all_faces
    file = "Bob/Bob_0002.jpg"
    photo = faces_in([root / file], ["bob"], people.alignment, people.search, people.cache)
    row = known.files.index(file)
    assert np.array_equal(photo.pixels[photo.rows[0]], known.pixels[known.rows[row]])
    assert np.array_equal(photo.five_points[0], known.five_points[row])
    assert np.array_equal(photo.boxes[0], known.boxes[row])
    assert np.isnan(photo.landmarks).all()
    assert photo.files == ["bob"]
    assert rows_with_same_crop(known, photo).tolist() == [row]
    assert rows_with_same_crop(known.subset([0, 1]), photo).tolist() == []


def test_what_cannot_be_used_is_named(tmp_path):
    root = draw_photographs(tmp_path / "people", ("Ann",), 1)
    people = folder(root, tmp_path)
    cut = people.alignment, people.search, people.cache
    photo = root / "Ann" / "Ann_0001.jpg"
    (tmp_path / "text.jpg").write_text("no picture")
    for paths, said in (
        ([tmp_path / "gone.jpg"], "is not there"),
        ([root], "is a folder"),
        ([tmp_path / "text.jpg"], "cannot be used: not a picture that is read"),
        ([photo, photo], "is given twice"),
    ):
        with pytest.raises(FacetrialError, match=said):
            faces_in(paths, [str(number) for number in range(len(paths))], *cut)
