"""Pictures in which faces were looked for."""

import numpy as np

from facetrial.data.photos.detection import Search
from facetrial.data.photos.searched import search_faces
from tests.helpers.photographs import draw_people


def test_those_that_are_wanted_keep_what_is_known_of_them(tmp_path):
    root = draw_people(tmp_path / "people", {"Ann": 2, "Bob": 2})
    pictures = {f"{path.parent.name}/{path.name}": path for path in sorted(root.glob("*/*"))}
    found = search_faces(pictures, tmp_path / "cache", Search())
    bobs = found.only(lambda file: file.startswith("Bob/"))
    assert bobs.files == [file for file in pictures if file.startswith("Bob/")]
    assert bobs.paths == [pictures[file] for file in bobs.files]
    assert bobs.digests == found.digests[2:]
    np.testing.assert_array_equal(bobs.detections.boxes, found.detections.boxes[2:])
