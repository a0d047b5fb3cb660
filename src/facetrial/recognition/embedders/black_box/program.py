"""A program that reads paths of pictures and prints answers as a recogniser."""

import contextlib
import json
import logging
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError, visible
from facetrial.core.provenance import file_content
from facetrial.core.settings import Count, Positive
from facetrial.recognition.embedders.black_box.box import BlackBox
from facetrial.recognition.embedders.black_box.sent_pictures import as_npy, as_png
from facetrial.runtime.schemas import AlignmentName, Side

log = logging.getLogger(__name__)

_STARTS = 2  # of a program that ends before it has answered


class CommandEmbedder(BlackBox):
    """Faces to unit-norm embeddings (B, D), or to scores, by a program.

    It prints one line of JSON for each path that it is given, in order: a list of numbers, or scores by the names of
    people, or null where nobody is found. Answers are kept, and no picture is asked about twice.

    Args:
        command: the program and its arguments, as a list; no shell reads them.
        size: side of its pictures.
        alignment: how faces are cut for it.
        paths: "stdin": it is started once, is given a line for each picture, and prints its answer at once (flush!);
            "arguments": it is started for each `at_once` pictures, whose paths are added to the command.
        encoding: "png", of 8 bits, so that every picture is rounded as a file holds it; or "float32", NPY files
            (H, W, 3) in [0, 1].
        at_once: most pictures that it is given at a time.
        timeout: seconds that it may take for the first of them, and for each further one.
        budget: most pictures that have an answer in the end, over all starts that share the cache; None: any number.
        version: any text; another one for a program that answers otherwise by now. What the command names that is a
            file counts by its content.
        dimension: D, where it finds nobody on the first pictures, which are no faces.
        cache: where answers are kept.

    Attributes:
        writes_pictures: True: it is given them as files.

    Raises:
        FacetrialError: there is no such program.
    """

    writes_pictures = True
    weights_in_config = False  # what the files that the command names hold, no config tells

    @checked("embedder")
    def __init__(
        self,
        command: Sequence[str] | None,
        size: Side = 112,
        alignment: AlignmentName = "five_points",
        paths: Literal["stdin", "arguments"] = "stdin",
        encoding: Literal["png", "float32"] = "png",
        at_once: Count = 32,
        timeout: Positive = 120.0,
        budget: Count | None = None,
        version: str | None = None,
        dimension: Count | None = None,
        cache: str = "cache",
    ) -> None:
        if not command:
            raise FacetrialError(
                "embedder.command is not given: name the program and its arguments, "
                "embedder.command=[python,embed.py]."
            )
        words = [os.path.expanduser(word) for word in command]
        if shutil.which(words[0]) is None:
            raise FacetrialError(f"embedder.command: there is no program {words[0]!r} that can be run.")
        super().__init__(
            size,
            alignment,
            rounded=encoding == "png",
            dimension=dimension,
            identity=[[_content(word) for word in words], version],
            at_once=at_once,
            cache=cache,
            budget=budget,
        )
        self.command = words
        self.paths = paths
        self.encoding = encoding
        self.timeout = timeout
        self._running: _Running | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_running": None}  # a process goes to no other one

    @property
    def called(self) -> str:
        return f"the program {Path(self.command[-1 if len(self.command) > 1 else 0]).name}"

    def ask(self, pictures: np.ndarray) -> Any:
        with tempfile.TemporaryDirectory(prefix="facetrial-") as folder:
            files = []
            for number, picture in enumerate(pictures):
                ending, write = (".png", as_png) if self.encoding == "png" else (".npy", as_npy)
                files.append(os.path.join(folder, f"{number}{ending}"))
                Path(files[-1]).write_bytes(write(picture))
            for start in range(_STARTS):
                lines, trouble = self._lines(files)
                if trouble is None:
                    return [self._read(line) for line in lines]
                if start + 1 < _STARTS:
                    log.warning("%s %s. It is started again.", self.called.capitalize(), trouble)
        raise FacetrialError(
            f"{self.called} {trouble}. It must print one line of JSON for each path that it is given, and nothing else "
            "to its standard output (and flush it). What it has answered before is kept."
        )

    def _lines(self, files: list[str]) -> tuple[list[bytes], str | None]:
        """The lines that it prints for files, and what went wrong, if anything did."""
        if self.paths == "arguments":
            running = _Running([*self.command, *files])
            running.close_input()
        else:
            if self._running is None:
                self._running = _Running(self.command)
            running = self._running
            running.write(files)
        lines, trouble = running.read(len(files), self.timeout)
        if trouble is not None or self.paths == "arguments":
            trouble = trouble or running.ended_badly(self.timeout)
            running.end()
            self._running = None
        return lines, trouble

    def _read(self, line: bytes) -> Any:
        try:
            return json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FacetrialError(
                f"{self.called} printed what is no JSON: {visible(line[:60].decode(errors='replace'))!r}. Only answers "
                "may go to its standard output, one line each; messages go to standard error."
            ) from error


class _Running:
    """A program that was started, its standard error apart."""

    def __init__(self, command: list[str]) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 closed by `end`
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
            )
        except OSError as error:
            self._said.close()
            raise FacetrialError(
                f"embedder.command: {command[0]!r} cannot be started: {error.strerror}."
            ) from error
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_pump, args=(self._process.stdout, self._lines), daemon=True).start()
        self.end = weakref.finalize(self, _end, self._process, self._said)

    def write(self, paths: list[str]) -> None:
        """Tells it paths, a line each; one that has ended is found out when its answers are read."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write("".join(f"{path}\n" for path in paths).encode())
            self._process.stdin.flush()

    def close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()

    def read(self, count: int, timeout: float) -> tuple[list[bytes], str | None]:
        """So many lines, and why there are fewer; `timeout` in seconds for each."""
        lines: list[bytes] = []
        while len(lines) < count:
            try:
                line = self._lines.get(timeout=timeout)
            except queue.Empty:
                return (
                    lines,
                    f"has printed {len(lines)} of {count} answers, and no other within {timeout:g} s",
                )
            if not line:
                return lines, f"has ended after {len(lines)} of {count} answers ({self._how()})"
            lines.append(line)
        return lines, None

    def ended_badly(self, timeout: float) -> str | None:
        """Of one that has printed all: whether it printed more, or failed after all."""
        with contextlib.suppress(queue.Empty):
            if self._lines.get(timeout=timeout):
                return "printed more lines than it was given paths"
            code = self._process.wait()
            return f"has failed ({self._how()})" if code else None
        return f"has not ended {timeout:g} s after its last answer"

    def _how(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        self._said.seek(0)
        last = self._said.read()[-2000:].decode(errors="replace").strip().splitlines()
        return f"exit code {self._process.poll()}{f': {visible(last[-1])}' if last else ''}"


def _pump(output: Any, lines: "queue.Queue[bytes]") -> None:
    """Puts lines where they can be waited for; an empty one at the end."""
    with contextlib.suppress(ValueError, OSError):  # closed by `_end`
        for line in output:
            lines.put(line)
    lines.put(b"")


def _end(process: Any, said: Any) -> None:
    """Lets a program end by itself, for a moment, then ends it."""
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    said.close()


def _content(word: str) -> str | None:
    """A word of a command, or what the file holds that it names."""
    return file_content(shutil.which(word) or word)
