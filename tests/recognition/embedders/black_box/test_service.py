"""A service over HTTP: what it is sent, how it is waited for, and what of its answers is refused. It is a real one."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box import service as module
from facetrial.recognition.embedders.black_box.service import HttpEmbedder
from facetrial.recognition.embedders.contract import meeting_contract
from tests.helpers.served import Network
from tests.helpers.service import free_port, serving


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.02)
    monkeypatch.setattr(module, "_BEFORE_THE_FIRST_ANSWER", 0.3)


def pictures(count=6, side=32):
    return torch.randint(0, 256, (count, 3, side, side), generator=torch.Generator().manual_seed(0)) / 255


def box(service, folder, **settings):
    return HttpEmbedder(getattr(service, "url", service), 32, cache=str(folder), **settings)


@pytest.mark.parametrize("encoding", ["png", "float32"])
def test_it_answers_as_its_network_does(tmp_path, encoding):
    given = pictures() if encoding == "png" else torch.rand(6, 3, 32, 32)
    with serving() as service, torch.no_grad():
        found = meeting_contract(box(service, tmp_path, encoding=encoding), 32, "five_points", "http")(given)
        assert found.allclose(Network()(given), atol=1e-6)
        assert len(service.answered) == 3 + 6


def test_a_picture_between_two_shades_is_that_of_the_png(tmp_path):
    given = torch.rand(6, 3, 32, 32)
    with serving() as service, torch.no_grad():
        assert box(service, tmp_path)(given).allclose(Network()((given * 255).round() / 255), atol=1e-6)


def test_no_picture_is_asked_about_twice(tmp_path):
    with serving() as service:
        first = box(service, tmp_path)(pictures())
        url = service.url
    assert box(url, tmp_path)(pictures()).equal(first)  # nobody is there any more
    assert service.requests == 1


def test_another_version_or_address_is_another_recogniser(tmp_path):
    with serving() as service:
        box(service, tmp_path)(pictures())
        box(service, tmp_path, version="2")(pictures())
        box(f"{service.url}?model=b", tmp_path)(pictures())
        box(service, tmp_path, timeout=3.0, at_once=2, rate=1000.0, budget=100, patience=1.0)(pictures())
    assert len(service.answered) == 18


def test_who_is_busy_is_asked_again(tmp_path, caplog):
    say = [(500, {}, ""), (503, {"Retry-After": "0"}, ""), (429, {"Retry-After": "1"}, "")]
    with serving(say=say) as service:
        assert box(service, tmp_path)(pictures()).isfinite().all()
    assert service.requests == 4
    assert service.times[3] - service.times[2] >= 1.0
    assert "answers 429. Asking again in 1.0 s" in caplog.text


def test_pauses_grow(tmp_path):
    with serving(say=[(500, {}, "")] * 5) as service:
        box(service, tmp_path)(pictures())
    pauses = [later - sooner for sooner, later in zip(service.times, service.times[1:], strict=False)]
    assert all(pause >= 0.02 * 2**number for number, pause in enumerate(pauses))


def test_patience_ends(tmp_path):
    with serving(say=[(500, {}, "")] * 50) as service:
        asked = box(service, tmp_path, patience=0.3)
        with pytest.raises(
            FacetrialError, match=r"answers 500, and was asked again for .*embedder\.patience=0\.3"
        ):
            asked(pictures())
    assert 3 <= service.requests <= 6


def test_who_asks_for_a_longer_pause_than_there_is_patience(tmp_path):
    with serving(say=[(429, {"Retry-After": "3600"}, "")]) as service:
        begun = time.monotonic()
        with pytest.raises(FacetrialError, match="it asks for a pause of 3600 s"):
            box(service, tmp_path, patience=60.0)(pictures())
    assert time.monotonic() - begun < 5


def test_nobody_there_is_said_soon(tmp_path):
    begun = time.monotonic()
    with pytest.raises(FacetrialError, match=r"cannot be reached.*see that it runs"):
        box(f"http://127.0.0.1:{free_port()}/", tmp_path)(pictures())
    assert time.monotonic() - begun < 5


def test_what_was_answered_before_an_error_is_kept(tmp_path):
    say = [(200, {}, None), (200, {}, None), (200, {}, "<html>")]
    with serving(say=say) as service:
        with pytest.raises(FacetrialError, match=r"what is no JSON \(b'<html>'"):
            box(service, tmp_path, at_once=2)(pictures())
        box(service, tmp_path, at_once=2)(pictures())
    assert len(service.answered) == len(set(service.answered)) == 6


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", r'JSON with list; expected \{"answers"'),
        ('{"vectors": []}', "keys 'vectors'"),
        ('{"answers": [[1, 2]]}', "1 answers for 6 pictures"),
        ('{"answers": {}}', "expected a list"),
        (json.dumps({"answers": [[1.0, 2.0]] * 5 + [[1.0]]}), "1 numbers; expected 2"),
        ('{"answers": [[NaN], [1], [1], [1], [1], [1]]}', "not finite"),
        ('{"answers": [[1e999], [1], [1], [1], [1], [1]]}', "not finite"),
        ('{"answers": [["1"], [1], [1], [1], [1], [1]]}', "expected a list of numbers"),
        ('{"answers": [null, null, null, null, null, null]}', r"embedder\.dimension"),
    ],
)
def test_what_is_no_answer(tmp_path, body, said):
    with serving(say=[(200, {}, body)]) as service, pytest.raises(FacetrialError, match=said):
        box(service, tmp_path)(pictures())
    assert service.requests == 1
    assert not list((tmp_path / "answers").glob("*.json"))


def test_another_dimension_than_before(tmp_path):
    with serving(say=[(200, {}, None), (200, {}, '{"answers": [[1.0, 2.0]]}')]) as service:
        asked = box(service, tmp_path)
        asked(pictures(5))
        with pytest.raises(FacetrialError, match=r"2 numbers; expected 192.*embedder\.version"):
            asked(pictures(6))


def test_the_rate_is_that_of_all_together(tmp_path):
    with serving() as service:
        boxes = [box(service, tmp_path, rate=40.0, at_once=2) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda one: one(pictures(12)), boxes))
    assert len(service.answered) == 12  # the second waits for its turn, and finds them answered
    assert service.times[-1] - service.times[0] >= 0.95 * 10 / 40


def test_a_token_is_sent_and_stands_nowhere(tmp_path, monkeypatch):
    with pytest.raises(FacetrialError, match="the environment has no such variable"):
        box("http://127.0.0.1:1/", tmp_path, token_from="FACES_TOKEN")
    monkeypatch.setenv("FACES_TOKEN", "secret")
    with serving() as service:
        asked = box(service, tmp_path, token_from="FACES_TOKEN")
        asked(pictures())
    assert service.headers["Authorization"] == "Bearer secret"
    assert "secret" not in repr(vars(asked))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, r"embedder\.url is not given"),
        ("127.0.0.1:8000", "must be an address"),
        ("file:///etc/passwd", "must be an address"),
        ("ftp://here/", "must be an address"),
        ("http://", "must be an address"),
        ("http://here:port/", "must be an address"),
        ("http://[::1/", "must be an address"),
        ("http://here/a b", "must be an address"),
        ("http://here/\r\nHost: there", "must be an address"),
        ("http://ann:secret@here/", r"embedder\.token_from"),
    ],
)
def test_what_is_no_address(tmp_path, url, said):
    with pytest.raises(FacetrialError, match=said) as refused:
        box(url, tmp_path)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "settings", [{"rate": 0}, {"budget": 0}, {"timeout": -1}, {"encoding": "jpeg"}, {"at_once": 0}]
)
def test_settings_out_of_range(tmp_path, settings):
    with pytest.raises(FacetrialError, match=f"embedder.{next(iter(settings))}"):
        box("http://127.0.0.1:1/", tmp_path, **settings)
