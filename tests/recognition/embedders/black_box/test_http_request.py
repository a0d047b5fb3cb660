"""One request: what comes back, what is to be tried again, and what is refused for good."""

import email.utils
import socket
import threading
import time

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box.http_request import TryAgain, post
from tests.helpers.service import free_port, serving


def answer_of(status, headers=None, body=""):
    with serving(say=[(status, headers or {}, body)]) as service:
        return post(service.url, b"{}", {}, timeout=5.0)


def test_the_body_comes_back():
    assert answer_of(200, {}, "body") == b"body"
    assert answer_of(200, {}, "x" * 300_000) == b"x" * 300_000


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass(status):
    with pytest.raises(TryAgain, match=f"answers {status}") as trouble:
        answer_of(status)
    assert (trouble.value.after, trouble.value.unreachable) == (None, False)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("100 seconds from now", 100),
        (email.utils.formatdate(0, usegmt=True), 0),
        ("soon", None),
        ("-3", None),
        ("1e3", None),
        ("9" * 400, None),
    ],
)
def test_retry_after(header, seconds):
    if header.endswith("from now"):
        header = email.utils.formatdate(time.time() + seconds, usegmt=True)
    with pytest.raises(TryAgain) as trouble:
        answer_of(429, {"Retry-After": header})
    assert trouble.value.after == (None if seconds is None else pytest.approx(seconds, abs=5))


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (400, {}, "no such \x1b[31mkey\nsecond", r"400 .*no such .*key'; see docs/black-box\.md"),
        (404, {}, "", "404 Not Found"),
        (401, {}, "", r"embedder\.token_from"),
        (403, {}, "", r"embedder\.token_from"),
        (302, {"Location": "http://elsewhere/faces"}, "", r"moved to http://elsewhere/faces: name that"),
        (307, {"Location": "/other"}, "", "moved to /other"),
    ],
)
def test_what_is_refused(status, headers, body, said):
    with pytest.raises(FacetrialError, match=said) as refused:
        answer_of(status, headers, body)
    assert "\x1b" not in str(refused.value)


def test_nobody_is_there():
    with pytest.raises(TryAgain, match=r"cannot be reached.*refused") as trouble:
        post(f"http://127.0.0.1:{free_port()}/", b"{}", {}, 5.0)
    assert trouble.value.unreachable


def test_pictures_for_this_machine_go_by_no_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    assert answer_of(200, {}, "body") == b"body"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", "cannot be reached"),
        (b"\x00\xff garbage\r\n\r\n", "cannot be reached"),
        # A connection that closes before all of the request was read is reset.
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "cannot be reached.*(IncompleteRead|Reset)"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
            "cannot be reached.*(IncompleteRead|Reset)",
        ),
        (None, "has not answered within 0.3 s"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "has not answered within 0.3 s"),
    ],
)
def test_what_breaks_off(said, expected):
    with socket.create_server(("127.0.0.1", 0)) as server:
        hung = []

        def serve():
            connection, _ = server.accept()
            connection.recv(65536)
            if said is None or b"1000" in said:
                hung.append(connection)  # it stays open
            connection.sendall(said or b"")
            if connection not in hung:
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(TryAgain, match=expected):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, 0.3)


def test_an_answer_that_trickles_has_its_end():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.05)
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        begun = time.monotonic()
        with pytest.raises(TryAgain, match=r"has not answered within 0.5 s"):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, 0.5)
        assert time.monotonic() - begun < 5
