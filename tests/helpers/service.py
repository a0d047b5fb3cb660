"""A service that recognises faces, over HTTP on this machine: in this process, or as `python -m tests.helpers.service`.

It answers by `embed`; what else it does is said by `Faults`. No torch is imported, so that it starts at once.
"""

import base64
import contextlib
import hashlib
import io
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

_CELLS = 8  # a side


def embed(pictures: np.ndarray) -> np.ndarray:
    """Unit-norm embeddings (B, 192) of pictures (B, H, W, 3), uint8, or float32 in [0, 1]: where they are bright."""
    count, side = pictures.shape[:2]
    images = pictures.astype(np.float64) / (255 if pictures.dtype == np.uint8 else 1)
    images = images - images.mean((1, 2), keepdims=True)
    means = (
        images.reshape(count, _CELLS, side // _CELLS, _CELLS, side // _CELLS, 3)
        .mean((2, 4))
        .reshape(count, -1)
    )
    return means / np.linalg.norm(means, axis=1, keepdims=True)


@dataclass
class Faults:
    """What a service does beside answering.

    Attributes:
        say: in place of an answer, the first times: (status, headers, body); the body None is the right one.
        die_after: pictures after which the process ends at the next request, before it has answered.
        stall_after: pictures after which no request is answered any more.
        every: of requests, each so manieth is told to come again, 429.
    """

    say: list[tuple[int, dict[str, str], str | None]] = field(default_factory=list)
    die_after: int | None = None
    stall_after: int | None = None
    every: int | None = None


@dataclass
class Service:
    """One that runs in this process.

    Attributes:
        url: its address.
        answered: the pictures, by their content, in the order in which they were answered.
        requests: number of requests.
        times: when each was.
        headers: of the last request.
    """

    faults: Faults
    url: str = ""
    answered: list[str] = field(default_factory=list)
    requests: int = 0
    times: list[float] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    log: Path | None = None

    def pictures(self, asked: dict[str, Any]) -> np.ndarray:
        raw = [base64.b64decode(text) for text in asked["pictures"]]
        if asked["encoding"] == "png":
            return np.stack([np.asarray(Image.open(io.BytesIO(part), formats=["PNG"])) for part in raw])
        return np.stack([np.frombuffer(part, "<f4").reshape(asked["shape"]) for part in raw])

    def reply(self, content: bytes) -> tuple[int, dict[str, str], bytes]:
        self.requests += 1
        self.times.append(time.monotonic())
        faults, count = self.faults, len(self.answered)
        if faults.die_after is not None and count >= faults.die_after:
            os._exit(1)
        if faults.stall_after is not None and count >= faults.stall_after:
            time.sleep(1000)
        if faults.every is not None and self.requests % faults.every == 0:
            return 429, {"Retry-After": "0"}, b""
        if faults.say:
            status, headers, body = faults.say.pop(0)
            if body is not None or status != 200:
                return status, headers, (body or "").encode()
        asked = json.loads(content)
        answers = [[float(value) for value in vector] for vector in embed(self.pictures(asked))]
        names = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in asked["pictures"]]
        self.answered += names
        if self.log is not None:
            with self.log.open("a") as file:
                file.write("".join(f"{name}\n" for name in names))
        return 200, {}, json.dumps({"answers": answers}).encode()


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.headers = dict(self.headers)
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, body = service.reply(content)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler


@contextlib.contextmanager
def serving(**faults: Any) -> Iterator[Service]:
    """A service in this process, as long as the block runs."""
    service = Service(Faults(**faults))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}/faces"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def command(port: int, log: Path, **faults: Any) -> list[str]:
    """The command of a service in a process of its own; what it answers is written to `log`, a line a picture."""
    return [
        sys.executable,
        "-m",
        "tests.helpers.service",
        str(port),
        str(log),
        json.dumps(asdict(Faults(**faults))),
    ]


def answering(program: Path) -> str:
    """The setting of a program that answers with what pictures look like; it is written to `program`."""
    program.write_text(
        "import json, sys\n"
        "from PIL import Image\n"
        "for line in sys.stdin:\n"
        "    small = Image.open(line.strip()).resize((4, 4))\n"
        "    print(json.dumps([value / 255 for value in small.tobytes()]), flush=True)\n"
    )
    return f"[{sys.executable},{program}]"


if __name__ == "__main__":
    one = Service(Faults(**json.loads(sys.argv[3])), log=Path(sys.argv[2]))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _handler(one)).serve_forever()
