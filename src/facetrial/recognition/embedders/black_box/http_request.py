"""One request over HTTP, and what became of it."""

import contextlib
import email.utils
import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from facetrial.core.errors import FacetrialError, first_line, visible

_MOST = 256 * 2**20  # bytes of an answer
_AGAIN = (408, 425, 429)  # and from 500 on
_HERE = ("localhost", "127.0.0.1", "::1")


class TryAgain(Exception):
    """What may pass: the service is down, too busy or too slow.

    Attributes:
        after: seconds that it asks to wait.
        unreachable: whether there was no answer at all.
    """

    def __init__(self, said: str, after: float | None = None, unreachable: bool = False) -> None:
        super().__init__(said)
        self.after = after
        self.unreachable = unreachable


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nobody follows: what was sent by POST would arrive as a GET, and pictures would go where nobody said."""


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> bytes:
    """What comes back.

    Args:
        url: http or https.
        timeout: seconds for all of it.

    Raises:
        TryAgain: nothing came back, or word to come again.
        FacetrialError: it was refused for good.
    """
    ends = time.monotonic() + timeout
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if urlsplit(url).hostname in _HERE:
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as answer:
            return _read(answer, ends)
    except urllib.error.HTTPError as error:
        with error:
            _refused(url, error)
            raise TryAgain(f"answers {error.code}", _pause(error.headers.get("Retry-After"))) from None
    except TimeoutError as error:
        raise TryAgain(f"has not answered within {timeout:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None)
        if isinstance(reason, TimeoutError):
            raise TryAgain(f"has not answered within {timeout:g} s") from error
        if isinstance(reason, ssl.SSLError) or isinstance(error, ssl.SSLError):
            raise FacetrialError(f"no safe connection to {url}: {first_line(error)}.") from error
        said = reason if isinstance(reason, Exception) else error
        raise TryAgain(f"cannot be reached ({first_line(said)})", unreachable=True) from error


def _read(answer: Any, ends: float) -> bytes:
    parts, size = [], 0
    while part := answer.read1(1 << 16):
        parts.append(part)
        size += len(part)
        if size > _MOST:
            raise FacetrialError(
                f"the service's answer is longer than {_MOST // 2**20} MiB; give a smaller embedder.at_once."
            )
        if time.monotonic() > ends:
            raise TimeoutError
    if answer.length:  # less came than was announced
        raise http.client.IncompleteRead(b"", answer.length)
    return b"".join(parts)


def _refused(url: str, error: urllib.error.HTTPError) -> None:
    """Raises FacetrialError for what another try would not change."""
    if error.code in _AGAIN or error.code >= 500:
        return
    if error.code < 400:
        to = error.headers.get("Location", "elsewhere")
        raise FacetrialError(f"the service at {url} has moved to {to}: name that, embedder.url={to}.")
    said = visible(str(error.reason))
    with contextlib.suppress(OSError, http.client.HTTPException):
        said += f", {error.read(200).decode(errors='replace').strip().partition(chr(10))[0]!r}"
    wrong_token = error.code in (401, 403)
    advice = "the token is missing or wrong (embedder.token_from)" if wrong_token else "see docs/black-box.md"
    raise FacetrialError(f"the service at {url} refuses what it is sent: {error.code} {said}; {advice}.")


def _pause(header: str | None) -> float | None:
    """Seconds that `Retry-After` asks for, a number or a date; None where it asks for none."""
    if header is None:
        return None
    if re.fullmatch(r"\s*[0-9]{1,9}\s*", header):
        return float(header)
    try:
        then = email.utils.parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    return max(0.0, then.timestamp() - time.time())
