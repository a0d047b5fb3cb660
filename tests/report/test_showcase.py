"""The showcase on disk: pictures, their changes magnified, and one sheet of them."""

import numpy as np
import pytest
from PIL import Image

from facetrial.report.showcase import common_gain, magnified, read_image, write_showcase
from tests.helpers.cases import case_rows
from tests.helpers.defended import trial
from tests.helpers.made_up import some_pictures

TRIAL = trial("pgd", "none", 0.5)


@pytest.fixture
def rows():
    return case_rows()


def test_the_showcase_on_disk(rows, tmp_path):
    pictures = some_pictures(rows, each=2)
    (tmp_path / "showcase").mkdir()
    (tmp_path / "showcase" / "99-worst-clean.png").touch()
    cases = write_showcase(tmp_path, rows, pictures, TRIAL)
    assert [case.file for case in cases] == list(pictures)
    assert cases[-1].kind == "evenly"
    assert len(list((tmp_path / "showcase").iterdir())) == 3 * len(cases)
    by_file = rows.set_index("file")
    for case in cases:
        row, (clean, attacked) = by_file.loc[case.file], pictures[case.file]
        assert case.attacked.margin == row["margin_attacked"]
        assert case.attacked.correct == row["correct_attacked"]
        for image, pixels in (("clean", clean), ("attacked", attacked)):
            with Image.open(read_image(tmp_path, case, image)) as shown:
                assert np.asarray(shown).transpose(2, 0, 1) == pytest.approx(255 * pixels, abs=0.51)
    Image.open(tmp_path / "showcase.png").verify()


def test_one_case_alone_is_drawn(rows, tmp_path):
    file = rows["file"][0]
    write_showcase(tmp_path, rows, {file: some_pictures(rows)[file]}, TRIAL)
    Image.open(tmp_path / "showcase.png").verify()


def test_no_pictures_leave_no_showcase(rows, tmp_path):
    write_showcase(tmp_path, rows, some_pictures(rows), TRIAL)
    assert write_showcase(tmp_path, rows, {}, TRIAL) == ()
    assert not list((tmp_path / "showcase").iterdir())
    assert not (tmp_path / "showcase.png").exists()


def test_perturbation_is_magnified_about_grey():
    clean = np.full((3, 8, 8), 0.5, dtype=np.float32)
    attacked = clean.copy()
    attacked[:, 2:4] += 8 / 255
    gain = common_gain({"a": (clean, attacked)})
    assert gain == 10
    shown = magnified(clean, attacked, gain)
    assert shown[0, 0, 0] == 0.5
    assert shown[0, 2, 0] == pytest.approx(0.5 + 80 / 255, abs=1e-6)
    assert common_gain({"a": (clean, clean)}) == 1
