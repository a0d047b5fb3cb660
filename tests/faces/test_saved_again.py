"""Which pictures are another one saved again."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from facetrial.data.synthetic import SyntheticFaces
from facetrial.faces.batch import FaceDataset
from facetrial.faces.saved_again import ALIKE, likeness, photographs, saved_again
from tests.helpers.real import FIVE_POINTS, lfw_faces


def jpeg(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=60)
    return Image.open(file).convert("RGB")


def cut(picture: Image.Image) -> Image.Image:
    w, h = picture.size
    return picture.crop((w // 25, h // 20, w - w // 50, h)).resize((w, h), Image.Resampling.BICUBIC)


def halved(picture: Image.Image) -> Image.Image:
    w, h = picture.size
    small = picture.resize((w // 2, h // 2), Image.Resampling.LANCZOS)
    return small.resize((w, h), Image.Resampling.BICUBIC)


SAVED = {
    "jpeg": jpeg,
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.6),
    "halved": halved,
    "cut": cut,
    "mirrored": ImageOps.mirror,
    "grey": lambda picture: picture.convert("L").convert("RGB"),
    "cut, brighter, mirrored, as JPEG": lambda picture: jpeg(
        ImageOps.mirror(ImageEnhance.Brightness(cut(picture)).enhance(1.15))
    ),
}


@pytest.fixture(scope="module")
def drawn() -> SyntheticFaces:
    data = SyntheticFaces(people=4, pictures=30, pictures_min=30, size=112)
    data.setup()
    return data


def copies(faces: FaceDataset, rows: list[int], saved) -> FaceDataset:
    """The pictures at `rows`, saved again."""
    some = faces.subset(rows)
    pixels = np.stack([np.asarray(saved(Image.fromarray(p))) for p in some.pixels[some.rows]])
    return replace(some, pixels=pixels, rows=np.arange(len(rows)))


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_a_copy_is_found_and_named(drawn, saved):
    rows = list(range(0, len(drawn.train_faces), 9))
    found = saved_again(copies(drawn.train_faces, rows, saved), drawn.train_faces)
    assert len(found) >= 0.6 * len(rows)
    assert all(other == rows[row] for row, other in found.items())


def test_pictures_of_one_person_are_no_copies(drawn):
    assert saved_again(drawn.test_faces, drawn.train_faces) == {}


def of_photographs(faces: FaceDataset, rows: list[int], pixels: list[np.ndarray]) -> FaceDataset:
    """Pictures of which each is of the one of `faces` at its row."""
    parts = ("identities", "landmarks", "boxes", "five_points")
    return FaceDataset(
        pixels=np.concatenate(pixels),
        rows=np.arange(len(rows)),
        files=[f"{number}.png" for number in range(len(rows))],
        names=faces.names,
        **{name: getattr(faces, name)[rows] for name in parts},
    )


def test_pictures_of_one_photograph_share_its_number(drawn):
    faces = drawn.test_faces.subset(np.arange(8))
    first, second = (copies(faces, rows, saved) for rows, saved in (([1, 5], jpeg), ([5], halved)))
    rows = [*range(8), 1, 5, 5]
    every = of_photographs(faces, rows, [part.pixels[part.rows] for part in (faces, first, second)])
    assert photographs(every).tolist() == rows
    assert photographs(faces).tolist() == list(range(8))


def test_copies_beyond_those_that_are_most_alike_are_found(drawn):
    faces = drawn.test_faces.subset(np.arange(3))
    darker = copies(faces, [0, 1, 2], SAVED["darker"])
    rows = [0, 1, 2] * 12  # six to the pixel, and six darker ones: each is most like its own kind
    every = of_photographs(
        faces, rows, [part.pixels[part.rows] for part in (faces, darker) for _ in range(6)]
    )
    assert photographs(every).tolist() == rows


def test_flat_and_small_pictures_are_no_copies():
    generator = np.random.default_rng(0)
    flat = np.zeros((4, 16, 16, 3), np.uint8)
    noise = generator.integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)

    def dataset(pixels):
        count = len(pixels)
        return FaceDataset(
            pixels=pixels,
            rows=np.arange(count),
            identities=np.zeros(count, dtype=np.int64),
            files=[f"{number}.png" for number in range(count)],
            names=["a"],
            landmarks=np.full((count, 15, 2), np.nan, dtype=np.float32),
            boxes=np.zeros((count, 4), dtype=np.float32),
            five_points=np.zeros((count, 5, 2), dtype=np.float32),
        )

    assert saved_again(dataset(flat), dataset(flat)) == {}
    assert saved_again(dataset(noise[:3]), dataset(noise[3:])) == {}
    brighter = dataset(np.clip(noise.astype(int) + 2, 0, 255).astype(np.uint8))
    assert saved_again(brighter, dataset(noise[:2])) == {0: 0, 1: 1}


def test_real_photographs_of_one_person_are_no_copies_and_copies_of_them_are(shared):
    images, identities = lfw_faces(shared, people=6, pictures=8, size=112, box=FIVE_POINTS)
    first, second = torch.combinations(torch.arange(len(images))).unbind(1)
    same = identities[first] == identities[second]
    assert likeness(images[first[same]], images[second[same]]).max() < 0.9
    pictures = [Image.fromarray((i.permute(1, 2, 0) * 255).byte().numpy()) for i in images]
    for saved, least in ((jpeg, 0.95), (halved, 0.95), (cut, 0.7)):
        copied = (
            torch.from_numpy(np.stack([np.asarray(saved(p)) for p in pictures])).permute(0, 3, 1, 2) / 255
        )
        assert (likeness(images, copied) >= ALIKE).float().mean() >= least
