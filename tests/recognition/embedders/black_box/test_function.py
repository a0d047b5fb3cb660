"""Functions in Python as recognisers."""

import numpy as np
import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box.function import FunctionEmbedder
from facetrial.recognition.embedders.factory import own_content
from tests.helpers.embedders import made
from tests.helpers.served import Network
from tests.helpers.service import embed

TARGET = "facetrial.recognition.FunctionEmbedder"


def pictures(count=4, side=32):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, side, side), generator=generator) / 255


def test_by_name_it_answers_as_its_network_does(tmp_path):
    box = made(TARGET, 32, function="tests.helpers.service.embed")
    with torch.no_grad():
        assert box(pictures()).allclose(Network()(pictures()), atol=1e-6)
    assert not box.keeps_answers
    assert "embed" in box.called


@pytest.mark.parametrize(
    ("takes", "kind", "shape"),
    [
        ("uint8", np.uint8, (4, 32, 32, 3)),
        ("float32", np.float32, (4, 32, 32, 3)),
        ("torch", torch.float32, (4, 3, 32, 32)),
    ],
)
@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_what_a_function_is_given(takes, kind, shape, channels):
    given = []

    def keep(images):
        given.append(images)
        return torch.ones(4, 5)

    FunctionEmbedder(keep, 32, takes=takes, channels=channels)(pictures())
    assert (given[0].dtype, tuple(given[0].shape)) == (kind, shape)
    red = given[0][:, 0] if takes == "torch" else torch.from_numpy(given[0][..., 0].copy())
    expected = pictures()[:, 0 if channels == "rgb" else 2]
    assert red.double().allclose((expected * 255 if takes == "uint8" else expected).double())


def file(folder, text):
    path = folder / "mine.py"
    path.write_text(text)
    return f"{path}:embed"


GOOD = "def embed(pictures):\n    return [[1.0, float(picture.mean())] for picture in pictures]\n"


def test_of_a_file(tmp_path):
    assert made(TARGET, 32, function=file(tmp_path, GOOD))(pictures()).shape == (4, 2)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (None, None, r"must name a function.*found None"),
        ("no_such_module.embed", None, r"cannot be imported: .*no_such_module.*FILE\.py:NAME"),
        ("tests.helpers.service.nothing", None, "cannot be imported"),
        ("tests.helpers.served.Network", None, r"must name a function"),
        ("tests.helpers.own.NUMBER", None, r"must name a function.*found 3"),
        ("nowhere/mine.py:embed", None, r"there is no file nowhere/mine\.py"),
        ("of a file", "def other(pictures): ...", r"has no 'embed'"),
        ("of a file", "1 / 0", "cannot be run: ZeroDivisionError"),
        ("of a file", "def embed(:", "cannot be run: SyntaxError"),
    ],
)
def test_what_is_no_function(tmp_path, name, text, said):
    with pytest.raises(FacetrialError, match=said):
        FunctionEmbedder(file(tmp_path, text) if text else name, 32)


def test_a_file_that_is_no_python(tmp_path):
    (tmp_path / "mine.txt").write_text(GOOD)
    with pytest.raises(FacetrialError, match=r"must end in \.py"):
        FunctionEmbedder(f"{tmp_path / 'mine.txt'}:embed", 32)


def test_what_its_code_raises_is_a_sentence():
    def breaks(pictures):
        return pictures @ np.ones(7)

    with pytest.raises(
        FacetrialError, match=r"breaks cannot answer for pictures uint8 \(4, 32, 32, 3\): ValueError"
    ):
        FunctionEmbedder(breaks, 32)(pictures())


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda pictures: np.ones((3, 5)), "3 answers for 4 pictures"),
        (lambda pictures: np.ones((4, 5, 2)), r"shape \(4, 5, 2\)"),
        (lambda pictures: None, "gave nothing"),
        (lambda pictures: np.full((4, 5), np.nan), "not finite"),
        (lambda pictures: [{"Ann": 1.0}] * 4, "at least two"),
    ],
)
def test_what_is_no_answer(function, said):
    with pytest.raises(FacetrialError, match=said):
        FunctionEmbedder(function, 32)(pictures())


def test_kept_answers_are_those_of_its_file(tmp_path):
    def box(text, **settings):
        return FunctionEmbedder(
            file(tmp_path, text), 32, keep=True, cache=str(tmp_path / "cache"), **settings
        )

    counting = GOOD.replace(
        "    return", "    open(__file__ + '.log', 'a').write('x' * len(pictures))\n    return"
    )
    log = tmp_path / "mine.py.log"
    box(counting)(pictures())
    box(counting)(pictures())
    assert log.read_text() == "x" * 4
    box(counting, version="2")(pictures())
    box(counting.replace("1.0", "2.0"))(pictures())
    assert log.read_text() == "x" * 12


def test_another_file_is_another_recogniser(tmp_path):
    def content(text):
        own = {"_target_": TARGET, "function": file(tmp_path, text), "size": 32, "alignment": "facenet"}
        from facetrial.recognition.embedders import factory

        factory._content.cache_clear()
        return own_content(own)

    assert content(GOOD) == content(GOOD) != content(GOOD.replace("1.0", "2.0"))


def test_embed_is_the_network():
    floats = pictures().permute(0, 2, 3, 1).numpy()
    assert np.allclose(embed(floats), embed((floats * 255).round().astype(np.uint8)), atol=1e-6)
