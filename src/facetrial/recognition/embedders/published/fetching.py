"""Published weights as a file of this machine: fetched once, checked each time, kept where torch keeps such files."""

import hashlib
import logging
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

import torch

from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
from facetrial.core.locks import file_lock
from facetrial.core.progress import progress_bar
from facetrial.recognition.embedders.published.facts import PUBLISHED, Published

log = logging.getLogger(__name__)

_PIECE = 1 << 20
_SECONDS = 30.0  # without a byte


def kept_at(weights: Published) -> Path:
    """Where its file is kept, or would be: in torch's cache (TORCH_HOME), where facenet-pytorch puts such files."""
    return Path(torch.hub.get_dir()).parent / "checkpoints" / weights.file


def file_of(weights: str | Path, embedder: str) -> Path:
    """The file that `embedder.weights` means: the one of that path, or the published one of that name.

    Args:
        weights: a path, or a name, which has no folder and no suffix.
        embedder: the config of the group `embedder` whose network it is for.

    Raises:
        FacetrialError: there are no weights of that name, or they cannot be fetched, or are not as published.
    """
    of_it = {known.name: known for known in PUBLISHED if known.embedder == embedder}
    if str(weights) in of_it:
        return published_file(of_it[str(weights)])
    path = Path(weights).expanduser()
    if not (path.suffix or len(path.parts) > 1 or path.is_file()):
        names = f"the names are {', '.join(of_it)}" if of_it else "there are none"
        raise FacetrialError(
            f"embedder.weights={weights} is neither a file nor the name of published weights for embedder={embedder}; "
            f"{names}. `facetrial models` tells of each."
        )
    return path


def published_file(weights: Published) -> Path:
    """The file of published weights, as they were published; fetched where it is not there.

    Raises:
        FacetrialError: it cannot be fetched, or is another than was published.
    """
    path = kept_at(weights)
    if not path.is_file():
        with file_lock(path):
            if not path.is_file():  # another process may have fetched it meanwhile
                _fetch(weights, path)
    if (found := _differs(weights, path)) is not None:
        raise FacetrialError(
            f"{path} is not {weights.name} as it was published: expected {weights.checksum}, found {found}. It may "
            f"have been cut short: delete it{' to have it fetched again' if weights.url else ''}, or give another "
            "file, embedder.weights=FILE."
        )
    return path


def _fetch(weights: Published, path: Path) -> None:
    checksum = weights.checksum or "a checksum that is not known here"
    by_hand = f"put it at {path} ({checksum}), or give it with embedder.weights=FILE"
    if weights.url is None:
        raise FacetrialError(
            f"embedder.weights={weights.name}: no file of it that is read here is published, so none can be fetched. "
            f"Where you have {weights.file}, {by_hand}; {weights.source} has what it was made of."
        )
    log.warning("Fetching %s to %s, once. Licence: %s.", weights.url, path, weights.licence)
    with written_whole(path) as temporary:
        try:
            _download(weights.url, temporary)
        except (OSError, HTTPException, ValueError) as error:  # OSError: no network, no such page, a time-out
            raise FacetrialError(
                f"{weights.url} cannot be fetched: {_said(error)}. Connect to the internet and start again; or fetch "
                f"it elsewhere and {by_hand}."
            ) from error
        if (found := _differs(weights, temporary)) is not None:
            raise FacetrialError(
                f"what {weights.url} sent is not {weights.name} as it was published: expected {checksum}, found "
                f"{found}. Nothing was kept. A proxy may have answered for it: start again, or fetch it elsewhere "
                f"and {by_hand}."
            )
        if weights.checksum is None:
            log.warning(
                "Its checksum is not known here, so that it could not be checked: sha256:%s.",
                _sha256(temporary),
            )


def _download(url: str, target: Path) -> None:
    """Raises ValueError where less came than was announced."""
    request = urllib.request.Request(url, headers={"User-Agent": "facetrial"})
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer, target.open("wb") as file:
        length = int(answer.headers.get("Content-Length") or 0)
        with progress_bar("Fetching weights, MiB", max(1, -(-length // _PIECE))) as advance:
            while piece := answer.read(_PIECE):
                file.write(piece)
                advance(1)
        if file.tell() < length:
            raise ValueError(f"it ended after {file.tell()} of {length} bytes")


def _said(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.code} {error.reason}"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return f"{reason}" or type(error).__name__


def _differs(weights: Published, path: Path) -> str | None:
    """The checksum of a file that is not as it was published; None where it is, or nobody knows."""
    if weights.checksum is None:
        return None
    kind = weights.checksum.partition(":")[0]
    found = f"{kind}:{_sha256(path) if kind == 'sha256' else _git_name(path)}"
    return None if found == weights.checksum else found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git_name(path: Path) -> str:
    """The name that git gives the content of a file."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
