"""Weights by name: fetched once, checked, kept; and what is said where they cannot be had."""

import hashlib
import http.server
import socket
import threading
from dataclasses import replace

import pytest

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.published.fetching import file_of, kept_at, published_file
from tests.helpers.published import known

CONTENT = bytes(range(256)) * 9000  # above two pieces
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def server():
    """A server on the loopback that answers by the path it is asked for; it counts what it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            if self.path == "/missing":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            sent = CONTENT[: len(CONTENT) // 2] if self.path == "/short" else CONTENT
            self.wfile.write(sent[::-1] if self.path == "/other" else sent)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.asked = []
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def weights(server, path: str = "/whole", **changed):
    url = f"http://127.0.0.1:{server.server_port}{path}"
    return replace(known("vggface2"), url=url, checksum=f"sha256:{SHA256}", **changed)


def left_in(folder) -> list[str]:
    return [path.name for path in folder.iterdir() if not path.name.endswith(".lock")]


def test_fetched_once_and_kept_whole(server, caplog):
    path = published_file(weights(server))
    assert path == kept_at(known("vggface2"))
    assert path.read_bytes() == CONTENT
    assert "Licence: MIT" in caplog.text
    assert published_file(weights(server)) == path
    assert server.asked == ["/whole"]


def test_what_facenet_pytorch_has_downloaded_is_taken(server):
    path = kept_at(known("vggface2"))
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    published_file(weights(server))
    assert server.asked == []


def test_a_file_by_the_name_that_git_gives_it(server):
    blob = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
    assert published_file(replace(weights(server), checksum=f"git:{blob}")).is_file()
    with pytest.raises(FacetrialError, match="expected git:0000, found git:" + blob):
        published_file(replace(weights(server), checksum="git:0000"))


def test_without_a_known_checksum_the_one_found_is_said(server, caplog):
    published_file(replace(weights(server), checksum=None))
    assert f"sha256:{SHA256}" in caplog.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/missing", "cannot be fetched: 404 Not Found"),
        ("/short", "cannot be fetched: .*(IncompleteRead|it ended after)"),
        ("/other", f"is not vggface2 as it was published: expected sha256:{SHA256}, found sha256:"),
    ],
)
def test_what_does_not_come_as_it_was_published_leaves_nothing(server, path, said):
    with pytest.raises(FacetrialError, match=said) as raised:
        published_file(weights(server, path))
    kept = kept_at(known("vggface2"))
    for needed in (f"{server.server_port}{path}", f"put it at {kept} (sha256:{SHA256})", "weights=FILE"):
        assert needed in str(raised.value)
    assert left_in(kept.parent) == []


def test_without_a_network():
    with socket.socket() as nobody:  # bound, and listening to none
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        with pytest.raises(FacetrialError, match=r"cannot be fetched: .*refused.*put it at .*sha256:"):
            published_file(replace(known("vggface2"), url=url))


def test_a_kept_file_that_was_cut_short(server):
    path = published_file(weights(server))
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(
        FacetrialError, match=f"{path} is not vggface2 as it was published.*delete it to have"
    ):
        published_file(weights(server))


def test_what_nobody_published_has_to_be_put_there():
    with pytest.raises(
        FacetrialError, match=r"no file of it that is read here is published.*put it at .*y1\.safe"
    ):
        file_of("y1", "mobilefacenet")


def test_a_name_or_a_path(tmp_path, monkeypatch):
    assert file_of(tmp_path / "own.pt", "edgeface") == tmp_path / "own.pt"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").touch()
    assert file_of("own", "edgeface").is_file()
    with pytest.raises(FacetrialError, match="the names are vggface2, casia-webface"):
        file_of("y1", "inception_resnet_v1")
    with pytest.raises(FacetrialError, match="there are none"):
        file_of("y1", "small")
