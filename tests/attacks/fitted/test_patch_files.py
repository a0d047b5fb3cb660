"""A patch to print, read back as any other program would read it."""

import re
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from facetrial.regions.wearables import Glasses, Sticker
from tests.helpers.fitted import patch


class TestExport:
    """Sizes are read from the files as any other program would."""

    @pytest.fixture
    def folder(self, tmp_path):
        method = patch(Glasses(), "all")
        method.fitted = {"patterns": torch.rand(1, 3, 64, 192), "groups": torch.tensor([0])}
        method.export(tmp_path, ["Ann", "Bea"])
        return tmp_path

    def test_png(self, folder):
        with Image.open(folder / "patch.png") as picture:
            assert picture.mode == "RGBA"
            width = picture.width / picture.info["dpi"][0] * 25.4
            height = picture.height / picture.info["dpi"][1] * 25.4
            alpha = np.asarray(picture)[..., 3]
        assert (width, height) == pytest.approx((2.4 * 63, 0.8 * 63), abs=0.05)
        assert alpha[0, 0] == 0
        assert alpha.max() == 255

    def test_pdf(self, folder):
        data = (folder / "patch.pdf").read_bytes()
        page = [float(value) for value in re.search(rb"/MediaBox \[([^]]*)\]", data)[1].split()]
        assert page[2:] == pytest.approx([210 / 25.4 * 72, 297 / 25.4 * 72], abs=0.01)
        streams = [
            zlib.decompressobj().decompress(part)
            for part in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
            if part[:1] == b"\x78"
        ]
        content = next(stream for stream in streams if b" Do" in stream)
        # A picture is the unit square; what enlarges it is its size on the page, in 1/72 inch.
        scales = re.findall(rb"([\d.]+) 0 0 ([\d.]+) [-\d.]+ [-\d.]+ cm\s*/I\d+ Do", content)
        millimetres = [float(value) / 72 * 25.4 for value in scales[0]]
        assert millimetres == pytest.approx([2.4 * 63, 0.8 * 63], abs=0.3)
        lines = re.findall(rb"([\d.]+) ([\d.]+) m\s+([\d.]+) ([\d.]+) l\s+S", content)
        longest = max(abs(float(c) - float(a)) for a, b, c, d in lines if b == d)
        assert longest / 72 * 25.4 == pytest.approx(50.0, abs=0.01)

    def test_one_file_a_person(self, tmp_path):
        method = patch(Sticker())
        method.fitted = {"patterns": torch.rand(3, 3, 40, 80), "groups": torch.tensor([0, 2, 3])}
        method.export(tmp_path, ["Ann", "Bea", "C/d", "$\\frac{"])
        assert sorted(path.name for path in (tmp_path / "patch").iterdir()) == [
            "$\\frac{.pdf",
            "$\\frac{.png",
            "Ann.pdf",
            "Ann.png",
            "C_d.pdf",
            "C_d.png",
        ]
