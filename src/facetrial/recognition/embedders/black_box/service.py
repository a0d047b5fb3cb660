"""A service that is asked over HTTP as a recogniser."""

import contextlib
import json
import logging
import os
import time
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, NotNegative, Positive
from facetrial.recognition.embedders.black_box.box import BlackBox
from facetrial.recognition.embedders.black_box.http_request import TryAgain, post
from facetrial.recognition.embedders.black_box.sent_pictures import in_base64
from facetrial.runtime.schemas import AlignmentName, Side

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0  # seconds
_BEFORE_THE_FIRST_ANSWER = 10.0  # seconds that one is waited for who cannot be reached at all


class HttpEmbedder(BlackBox):
    """Faces to unit-norm embeddings (B, D), or to scores, by a service.

    A request is JSON, `{"encoding": "png", "shape": [H, W, 3], "pictures": ["<base64>", …]}`, by POST; the answer is
    `{"answers": […]}` with one of each picture, in order: a list of numbers, or scores by the names of people, or null
    where nobody is found. Answers are kept, and no picture is asked about twice.

    Who cannot be reached, answers too late, or with 408, 429 or 500 and above, is asked again, after longer and longer
    pauses, or after those that `Retry-After` asks for.

    Args:
        url: its address, http or https.
        size: side of its pictures.
        alignment: how faces are cut for it.
        encoding: "png", of 8 bits, so that every picture is rounded as a file holds it; or "float32", in [0, 1].
        at_once: most pictures of a request.
        timeout: seconds that a request may take.
        patience: seconds that a service is waited for which is down or asks for a pause.
        rate: most pictures a second, over all processes that share the cache; None: any number.
        budget: most pictures that have an answer in the end, over all starts that share the cache; None: any number.
        version: any text; another one for a service that answers otherwise by now.
        token_from: name of the environment variable whose value is sent as `Authorization: Bearer …`.
        dimension: D, where it finds nobody on the first pictures, which are no faces.
        cache: where answers are kept.

    Raises:
        FacetrialError: no address of a service, or the environment lacks the variable.
    """

    decides_nothing = (*BlackBox.decides_nothing, "patience", "rate", "token_from")

    @checked("embedder")
    def __init__(
        self,
        url: str | None,
        size: Side = 112,
        alignment: AlignmentName = "five_points",
        encoding: Literal["png", "float32"] = "png",
        at_once: Count = 16,
        timeout: Positive = 30.0,
        patience: NotNegative = 600.0,
        rate: Positive | None = None,
        budget: Count | None = None,
        version: str | None = None,
        token_from: str | None = None,
        dimension: Count | None = None,
        cache: str = "cache",
    ) -> None:
        _check_url(url)
        super().__init__(
            size,
            alignment,
            rounded=encoding == "png",
            dimension=dimension,
            identity=[url, version],
            at_once=at_once,
            cache=cache,
            budget=budget,
        )
        self.url = str(url)
        self.encoding = encoding
        self.timeout = timeout
        self.patience = patience
        self.rate = rate
        self.token_from = token_from
        self._has_answered = False
        if token_from is not None and not os.environ.get(token_from):
            raise FacetrialError(
                f"embedder.token_from={token_from}: the environment has no such variable. Set it before the start; the "
                "token itself stands in no config, which reports show."
            )

    @property
    def called(self) -> str:
        return f"the service at {self.url}"

    def turn(self) -> contextlib.AbstractContextManager[Any]:
        """One process at a time: so no picture is asked about twice, and the rate is that of all together."""
        assert self.answers is not None
        return self.answers.alone()

    def ask(self, pictures: np.ndarray) -> Any:
        if not self._has_answered:
            log.info("Pictures of faces are sent to %s.", self.url)
        begun = time.monotonic()
        request = {
            "encoding": self.encoding,
            "shape": list(pictures.shape[1:]),
            "pictures": [in_base64(picture) for picture in pictures],
        }
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token_from is not None:
            headers["Authorization"] = f"Bearer {os.environ[self.token_from]}"
        answers = _answers_in(self._patiently(json.dumps(request).encode(), headers), self.called)
        self._has_answered = True
        if self.rate is not None:
            # While it is this process's turn, so that no other one asks meanwhile.
            time.sleep(max(0.0, begun + len(pictures) / self.rate - time.monotonic()))
        return answers

    def _patiently(self, body: bytes, headers: dict[str, str]) -> bytes:
        """What comes back of a request, asked again as long as `patience` allows."""
        begun, pause = time.monotonic(), _FIRST_PAUSE
        while True:
            try:
                return post(self.url, body, headers, self.timeout)
            except TryAgain as trouble:
                never = trouble.unreachable and not self._has_answered
                patience = min(self.patience, _BEFORE_THE_FIRST_ANSWER) if never else self.patience
                wait = max(pause, trouble.after or 0.0)
                if time.monotonic() + wait - begun > patience:
                    raise FacetrialError(
                        f"{self.called} {trouble}, and was asked again for {time.monotonic() - begun:.0f} s"
                        f"{f'; it asks for a pause of {trouble.after:.0f} s' if trouble.after else ''}. What it has "
                        "answered is kept: see that it runs and start again, or wait longer for it "
                        f"(embedder.patience={self.patience:g})."
                    ) from trouble
                log.warning("%s %s. Asking again in %.1f s.", self.called.capitalize(), trouble, wait)
                time.sleep(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)


def _check_url(url: str | None) -> None:
    if url is None:
        raise FacetrialError(
            "embedder.url is not given: name the service, embedder.url=http://127.0.0.1:8000/."
        )
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # of brackets and ports that are none
        fits = False
    if not fits or not url.isascii() or any(letter.isspace() for letter in url):
        raise FacetrialError(
            f"embedder.url must be an address such as http://127.0.0.1:8000/, found {url!r}."
        )
    if parts.username is not None or parts.password is not None:
        raise FacetrialError(
            "embedder.url holds a name or a password, which the config and the report would show. Leave it out, and "
            "give a token by the environment: embedder.token_from=VARIABLE."
        )


def _answers_in(content: bytes, who: str) -> Any:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FacetrialError(
            f'{who} gave what is no JSON ({content[:40]!r}…); expected {{"answers": [...]}}.'
        ) from error
    if not isinstance(found, dict) or "answers" not in found:
        held = (
            f"keys {', '.join(map(repr, list(found)[:5]))}"
            if isinstance(found, dict)
            else type(found).__name__
        )
        raise FacetrialError(f'{who} gave JSON with {held}; expected {{"answers": [...]}}.')
    return found["answers"]
