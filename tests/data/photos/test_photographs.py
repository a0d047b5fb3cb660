"""Which pictures are of one photograph: found once, remembered, and doubted where they are of several people."""

import numpy as np
import pytest
from PIL import Image

from facetrial.core.files import check_seal
from tests.helpers.photographs import LFW_FUNNELED, folder


def test_they_are_found_once_and_doubted_where_they_are_of_several_people(tmp_path, caplog):
    people = tmp_path / "people"
    for number, name in enumerate(
        ["Ann/Ann_0001", "Ann/Ann_0002", "Ann/Ann_0003", "Bob/Bob_0002", "Bob/Bob_0003", "Bob/Bob_0004"]
    ):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        (people / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).resize((120, 120), Image.Resampling.BICUBIC).save(people / f"{name}.jpg")
    with Image.open(people / "Ann" / "Ann_0002.jpg") as picture:
        picture.save(people / "Bob" / "Bob_0001.jpg", quality=80)
        picture.save(people / "Ann" / "Ann_0004.jpg", quality=90)
    expected = [0, 1, 2, 1, 1, 3, 4, 5]
    for _ in range(2):
        caplog.clear()
        data = folder(people, tmp_path)
        data.setup()
        assert data.photographs.tolist() == expected
        assert "1 photographs are in the folders of several people" in caplog.text
        assert "Ann/Ann_0002.jpg, Ann/Ann_0004.jpg, Bob/Bob_0001.jpg" in caplog.text
        parts = [set(part.files) for part in (data.train_faces, data.validation_faces, data.test_faces)]
        assert sum("Ann/Ann_0002.jpg" in part and "Bob/Bob_0001.jpg" in part for part in parts) == 1
        [kept] = (tmp_path / "cache" / "photographs").glob("*.npy")
        check_seal(kept)
        kept.write_bytes(kept.read_bytes()[:-3])
    assert folder(people, tmp_path, size=48).all_faces.pixels.shape[1] == 48
    check_seal(kept)  # made again


@pytest.mark.real
def test_photographs_saved_again_lie_in_one_part_whatever_the_recogniser(shared, tmp_path):

    names = ("Serena_Williams", "Julianne_Moore", "Ari_Fleischer")
    for name in names:
        (tmp_path / "people").mkdir(exist_ok=True)
        (tmp_path / "people" / name).symlink_to(shared / LFW_FUNNELED / name)
    splits = []
    for changes in ({}, {"size": 80, "alignment": "facenet"}):
        data = folder(tmp_path / "people", tmp_path, **changes)
        data.setup()
        files, numbers = np.array(data.all_faces.files), data.photographs
        assert next(files[numbers == n].tolist() for n in np.flatnonzero(np.bincount(numbers) > 1)) == [
            "Ari_Fleischer/Ari_Fleischer_0006.jpg",
            "Ari_Fleischer/Ari_Fleischer_0011.jpg",
        ]
        parts = [set(part.files) for part in (data.train_faces, data.validation_faces, data.test_faces)]
        splits.append(parts)
        for number in np.flatnonzero(np.bincount(numbers) > 1):
            assert sum(bool(part & set(files[numbers == number])) for part in parts) == 1
    assert splits[0] == splits[1]
