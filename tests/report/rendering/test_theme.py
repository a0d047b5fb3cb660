"""What stands on every figure, and that figures are the same bytes again and leave nothing open."""

from dataclasses import replace
from xml.etree import ElementTree

import matplotlib
import pytest
from PIL import Image

from facetrial.report.rendering.theme import DARK, LIGHT, figure_bytes, mark, new_axes, new_grid, save_figure
from tests.helpers.defended import trial

TRUSTED = trial("pgd", "none", 0.5)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, as WCAG 2 defines it."""

    def luminance(colour):
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_can_be_read_on_paper(theme):
    assert contrast(theme.ink, theme.paper) >= 7
    tones = (
        theme.clean,
        theme.attacked,
        theme.eight_bit,
        theme.fourth,
        theme.fifth,
        theme.sixth,
        theme.seventh,
    )
    assert len({*tones, theme.ink, theme.muted}) == 9
    assert all(contrast(tone, theme.paper) >= 2 for tone in tones)


def marked(*summaries):
    figure, _ = new_axes(LIGHT, 3, 2)
    mark(figure, summaries, LIGHT)
    return figure.get_suptitle()


def test_a_trusted_trial_of_real_faces_is_not_marked():
    assert marked(TRUSTED) == ""
    assert marked() == ""


def test_one_of_several_marks_the_figure():
    assert marked(TRUSTED, replace(TRUSTED, synthetic=True)) == "synthetic faces"
    assert (
        marked(TRUSTED, replace(TRUSTED, limit=60), replace(TRUSTED, limit=50))
        == "a quick look, data.limit=50"
    )
    naive = trial("pgd", "jpeg", 0.9, naive=True)
    assert marked(TRUSTED, naive) == "naive: not trusted"
    failed = replace(naive, attack_parts={"adaptive": True})
    assert marked(naive, replace(failed, synthetic=True)) == "synthetic faces; not trusted: a check failed"


def test_a_figure_is_the_same_bytes_again(tmp_path):
    before = dict(matplotlib.rcParams)

    def drawn():
        figure, axes = new_axes(DARK, 3, 2)
        axes.plot([0, 1], [1, 0])
        return figure

    for kind in ("png", "svg"):
        assert figure_bytes(drawn(), kind) == figure_bytes(drawn(), kind)
        save_figure(drawn(), tmp_path / f"figure.{kind}")
        assert (tmp_path / f"figure.{kind}").read_bytes() == figure_bytes(drawn(), kind)
    ElementTree.parse(tmp_path / "figure.svg")
    with Image.open(tmp_path / "figure.png") as image:
        assert image.size == (450, 300)
    assert dict(matplotlib.rcParams) == before


def test_several_axes_stand_in_rows_and_columns():
    _, axes = new_grid(LIGHT, 3, 2, columns=3, rows=2)
    assert axes.shape == (2, 3)
    assert not any(one.spines[side].get_visible() for one in axes.flat for side in ("top", "right"))
