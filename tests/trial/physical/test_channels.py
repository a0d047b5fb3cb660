"""Files are real ones, and faces are found again."""

import io

import numpy as np
import pytest
from PIL import Image

from facetrial.core.errors import FacetrialError
from facetrial.data.photos.alignment import FivePointsAlignment
from facetrial.data.photos.detection import Search, find_in
from facetrial.data.photos.source_photo import Photograph
from facetrial.trial.physical.channels import FoundAgain, Saved, Sent
from tests.helpers.sent import drawn_faces

PNG = Saved("PNG")


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    faces = drawn_faces().test_faces
    return faces.pixels[faces.rows]


def sent(crops, clean=None, photographs=None, alignment=None) -> Sent:
    clean = crops if clean is None else clean
    photographs = [Photograph(one, np.eye(2, 3)) for one in clean] if photographs is None else photographs
    return Sent(crops, clean, photographs, Search(), alignment)


def test_png_keeps_every_byte(crops):
    shown, found = PNG(sent(crops))
    assert np.array_equal(shown, crops)
    assert found.all()


def test_jpeg_is_what_pillow_writes_and_loses_more_at_a_lower_quality(crops):
    losses = []
    for quality in (95, 75, 50):
        shown, _ = Saved("JPEG", quality)(sent(crops))
        file = io.BytesIO()
        Image.fromarray(crops[0]).save(file, "JPEG", quality=quality)
        assert np.array_equal(shown[0], np.asarray(Image.open(file)))
        losses.append(np.abs(shown.astype(float) - crops).mean())
    assert 0 < losses[0] < losses[1] < losses[2]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("GIF",), "PNG"),
        (("JPEG",), "JPEG has a quality"),
        (("PNG", 3), "PNG has none"),
        (("JPEG", 101), "from 1 to 100"),
    ],
)
def test_senseless_settings(settings, said):
    with pytest.raises(FacetrialError, match=said):
        Saved(*settings)


def test_labels():
    assert [PNG.label, Saved("JPEG", 75).label, FoundAgain(PNG).label] == [
        "PNG",
        "JPEG 75",
        "found again (PNG)",
    ]


class TestFoundAgain:
    def test_a_face_that_is_not_there_is_not_found(self, crops):
        crops = np.concatenate([crops[:2], np.full_like(crops[:1], 128)])
        shown, found = FoundAgain(PNG)(sent(crops))
        assert found.tolist() == [True, True, False]
        assert np.array_equal(shown[:2], crops[:2])
        assert not shown[2].any()

    def test_crops_from_the_start_are_saved_and_not_cut(self, crops):
        attacked = np.clip(crops.astype(int) + 5, 0, 255).astype(np.uint8)
        shown, found = FoundAgain(PNG)(sent(attacked, crops))
        assert found.all()
        assert np.array_equal(shown, attacked)

    def test_the_change_goes_into_the_photograph_and_comes_back(self):
        """A face within a larger picture: found where it lies, and cut as it was at first."""
        face = drawn_faces().all_faces.pixels[5]  # which is found at the same place again, changed or not
        alignment = FivePointsAlignment(64)
        wide = np.full((160, 150, 3), 90, dtype=np.uint8)
        wide[40:136, 30:126] = face
        seen = find_in([Image.fromarray(wide)], Search())
        crop, to_crop = alignment.align(Image.fromarray(wide), seen.boxes[0], seen.points[0])
        change = np.zeros(crop.shape, dtype=int)
        change[20:44, 20:44] = 40
        attacked = np.clip(crop + change, 0, 255).astype(np.uint8)
        shown, found = FoundAgain(PNG)(
            sent(attacked[None], crop[None], [Photograph(wide, to_crop)], alignment)
        )
        assert found.all()
        kept = np.corrcoef((shown[0].astype(int) - crop).ravel(), (attacked.astype(int) - crop).ravel())[0, 1]
        assert kept > 0.8
        clean, _ = FoundAgain(PNG)(sent(crop[None], crop[None], [Photograph(wide, to_crop)], alignment))
        assert np.array_equal(clean[0], crop)
