"""Answers that a recogniser has given, on disk: no picture is asked twice, whoever is killed in between.

They are kept by the content of the picture. Each process appends to a file of its own: an answer is one record of fixed
length with its checksum, so that of what a kill leaves only the last record can be cut short, and of what is damaged
only the damaged record is lost.
"""

import contextlib
import hashlib
import logging
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock

from facetrial.core.errors import FacetrialError
from facetrial.core.files import check_writable, why_not_written
from facetrial.core.plain import from_plain, read_json, write_json
from facetrial.recognition.embedders.black_box.replies import Form

log = logging.getLogger(__name__)

_KEY, _CHECK = 16, 8  # bytes
_AT_ONCE = 4096  # records


class Answers:
    """The answers of one recogniser, as it is now.

    Args:
        folder: where they lie, beside those of others.
        name: a short name for all that decides them.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.form: Form | None = None
        self._places: dict[bytes, tuple[Path, int]] = {}
        self._looked_at: dict[Path, int] = {}
        self._own: BinaryIO | None = None
        self._look()

    def __len__(self) -> int:
        self._look()
        return len(self._places)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_own": None}  # an open file goes to no other process

    @property
    def _form_file(self) -> Path:
        return self.folder / f"{self.name}.json"

    def alone(self) -> FileLock:
        """A lock that one process holds at a time, who asks this recogniser."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / f".{self.name}.lock")

    def ready(self) -> None:
        """Sees to it that what is answered next can be kept.

        Raises:
            FacetrialError: the folder cannot be written to.
        """
        if self._own is None:
            check_writable(self.folder)
            own = self.folder / f"{self.name}-{secrets.token_hex(6)}.answers"
            self._own = own.open("xb", buffering=0)

    def find(self, pictures: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        """The answers, float32 (D,), to those of the pictures that have one; pictures by `picture_name`."""
        if any(picture not in self._places for picture in pictures):
            self._look()
        found: dict[bytes, np.ndarray] = {}
        with contextlib.ExitStack() as opened:
            files: dict[Path, BinaryIO] = {}
            for picture in pictures:
                if picture in found or picture not in self._places:
                    continue
                path, start = self._places[picture]
                if path not in files:
                    files[path] = opened.enter_context(path.open("rb"))
                files[path].seek(start + _KEY)
                found[picture] = np.frombuffer(files[path].read(self._length - _KEY - _CHECK), "<f4")
        return found

    def add(self, pictures: Sequence[bytes], vectors: Sequence[np.ndarray], form: Form) -> None:
        """Keeps the answers (D,) to pictures; they are on the disk when it returns.

        Raises:
            FacetrialError: the disk takes no more; what was kept before stays.
        """
        self.ready()
        assert self._own is not None
        if self.form != form:
            write_json(form, self._form_file, checksum=True)
            self.form = form
        before = self._own.seek(0, os.SEEK_END)
        try:
            data = b"".join(_record(*pair) for pair in zip(pictures, vectors, strict=True))
            while data:
                data = data[self._own.write(data) :]
            os.fsync(self._own.fileno())
        except OSError as error:
            self._own.truncate(before)
            if (reason := why_not_written(error)) is None:
                raise
            raise FacetrialError(
                f"cannot keep answers in {self.folder}: {reason}. What was answered before is kept. Make room, or "
                "choose another folder (paths.cache), and start again."
            ) from error
        self._look()

    def _form_of_before(self) -> Form | None:
        file = self._form_file
        if not file.is_file():
            return None
        try:
            return from_plain(Form, read_json(file), file)
        except FacetrialError as error:  # the next answer tells it again
            log.warning("%s The next answer tells it again.", error)
            file.unlink(missing_ok=True)
            return None

    @property
    def _length(self) -> int:
        assert self.form is not None
        return _KEY + 4 * self.form.dimension + _CHECK

    def _look(self) -> None:
        """Takes in what was appended, by whichever process, since the last look."""
        if self.form is None:
            self.form = self._form_of_before()
        if self.form is None:
            return
        length, damaged = self._length, 0
        for path in self.folder.glob(f"{self.name}-*.answers"):
            with path.open("rb") as file:
                whole = file.seek(0, os.SEEK_END) // length * length
                start = file.seek(self._looked_at.get(path, 0))
                while start < whole:
                    records = file.read(min(_AT_ONCE * length, whole - start))
                    for place in range(0, len(records), length):
                        record = records[place : place + length]
                        if record[-_CHECK:] == _check(record[:-_CHECK]):
                            self._places.setdefault(record[:_KEY], (path, start + place))
                        else:
                            damaged += 1
                    start += len(records)
                self._looked_at[path] = start
        if damaged:
            log.warning("%d answers in %s are damaged, and are asked for again.", damaged, self.folder)


def picture_name(picture: np.ndarray) -> bytes:
    """What a picture (H, W, 3) is kept by: its content, type and shape."""
    about = f"{picture.dtype} {picture.shape}".encode()
    return hashlib.blake2b(about + np.ascontiguousarray(picture).tobytes(), digest_size=_KEY).digest()


def _record(picture: bytes, vector: np.ndarray) -> bytes:
    content = picture + vector.astype("<f4").tobytes()
    return content + _check(content)


def _check(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_CHECK).digest()
