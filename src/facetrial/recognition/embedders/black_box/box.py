"""A recogniser that answers and shows nothing else, as an embedder: no weights, and no slope from answer to pixels."""

import contextlib
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.black_box.answers import Answers, picture_name
from facetrial.recognition.embedders.black_box.replies import Form, form_of, replies_of, vector_of


class EightBits(nn.Module):
    """Rounds images in [0, 1] to 1/255, as a PNG holds them: of a picture that is sent as one, the first layer."""

    def forward(self, images: Tensor) -> Tensor:
        return images.clamp(0.0, 1.0).mul(255.0).round().div(255.0)


class BlackBox(nn.Module):
    """Base of embedders that ask somebody outside of torch.

    They give unit-norm embeddings (B, D), or scores (B, D) of D people where the one who is asked tells people apart
    itself. Where it finds nobody on a picture, all are NaN: it names nobody.

    Args:
        size: side of its pictures.
        alignment: how faces are cut for it.
        rounded: whether it is shown pictures of 8 bits.
        dimension: D, where it is known before it is asked; it is held to that.
        identity: all that decides its answers.
        at_once: most pictures that it is asked about together.
        cache: the folder that keeps its answers, below `answers`; None keeps none.
        budget: most pictures that have an answer in the end, over all starts that share the folder; None: any number.

    Attributes:
        has_slope: False, which spares it what goes by slopes.
        decides_nothing: settings that do not change its answers.
        calls_others: whether its settings name what is run, or to whom pictures are sent.
    """

    has_slope = False
    calls_others: ClassVar[bool] = True
    decides_nothing: ClassVar[tuple[str, ...]] = ("cache", "at_once", "budget", "timeout", "dimension")
    last_blocks: tuple[str, ...] = ("",)
    identity: Tensor

    def __init__(
        self,
        size: int,
        alignment: str,
        *,
        rounded: bool,
        dimension: int | None,
        identity: Sequence[Any],
        at_once: int,
        cache: str | Path | None,
        budget: int | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.alignment = alignment
        self.at_once = at_once
        self.budget = budget
        self.rounding = EightBits() if rounded else nn.Identity()
        self.expected = dimension
        name = digest(type(self).__name__, rounded, *identity, size=12)
        # In the state, by which victims are told apart.
        self.register_buffer("identity", torch.tensor(list(bytes.fromhex(name)), dtype=torch.uint8))
        self.answers = None if cache is None else Answers(Path(cache).expanduser() / "answers", name)
        self.form: Form | None = None if self.answers is None else self.answers.form
        if self.form is not None:
            _check_dimension(self.form, dimension, "this recogniser, by the answers that are kept of it,")

    @property
    def dimension(self) -> int | None:
        """D; None before the first answer."""
        return self.expected if self.form is None else self.form.dimension

    @property
    def people(self) -> tuple[str, ...] | None:
        """Whom it scores, in order; None where it gives embeddings, or has not been asked."""
        return None if self.form is None else self.form.people

    @property
    def keeps_answers(self) -> bool:
        """Whether it is asked about no picture twice."""
        return self.answers is not None

    @property
    @abstractmethod
    def called(self) -> str:
        """What to call it in messages."""

    @abstractmethod
    def ask(self, pictures: np.ndarray) -> Any:
        """What it says of pictures (B, H, W, 3), uint8 or float32 in [0, 1]: as `replies_of` takes it."""

    def turn(self) -> contextlib.AbstractContextManager[Any]:
        """What is held while it is asked."""
        return contextlib.nullcontext()

    def forward(self, images: Tensor) -> Tensor:
        """Unit-norm embeddings (B, D), or scores, from images (B, 3, H, W) in [0, 1].

        Raises:
            FacetrialError: it cannot be asked, what it says is no answer, or the budget is used up.
        """
        shown = self.rounding(images.detach().float()).permute(0, 2, 3, 1).cpu()
        if isinstance(self.rounding, EightBits):
            shown = shown.mul(255.0).round().to(torch.uint8)
        pictures = shown.contiguous().numpy()
        vectors = self._asked_all(pictures) if self.answers is None else self._kept(self.answers, pictures)
        found = torch.from_numpy(vectors).to(images.device)
        return F.normalize(found) if self.people is None else found

    def _kept(self, answers: Answers, pictures: np.ndarray) -> np.ndarray:
        """The answers (B, D) to pictures, those that are not kept yet asked for."""
        names = [picture_name(picture) for picture in pictures]
        found = answers.find(names)
        self.form = self.form or answers.form
        places = {name: place for place, name in enumerate(names) if name not in found}
        missing = list(places)
        for start in range(0, len(missing), self.at_once):
            with self.turn():
                part = missing[start : start + self.at_once]
                found |= answers.find(part)  # another process may have asked
                part = [name for name in part if name not in found]
                while part:
                    now = part[: self._left(answers)]
                    answers.ready()
                    vectors = self._asked(pictures[[places[name] for name in now]])
                    if self.form is not None:
                        answers.add(now, vectors, self.form)
                    found |= dict(zip(now, vectors, strict=True))
                    part = part[len(now) :]
        return np.stack([found[name] for name in names])

    def _left(self, answers: Answers) -> int:
        """How many pictures it may still be asked about, of one request."""
        if self.budget is None:
            return self.at_once
        left = self.budget - len(answers)
        if left <= 0:
            raise FacetrialError(
                f"embedder.budget={self.budget} is used up: {self.called} has answered so many pictures, and all its "
                f"answers are kept in {answers.folder}. Give a higher one and start again: it goes on from here."
            )
        return min(left, self.at_once)

    def _asked_all(self, pictures: np.ndarray) -> np.ndarray:
        parts = range(0, len(pictures), self.at_once)
        return np.stack(
            [vector for start in parts for vector in self._asked(pictures[start : start + self.at_once])]
        )

    def _asked(self, pictures: np.ndarray) -> list[np.ndarray]:
        """Answers, each (D,), to pictures of one request."""
        replies = replies_of(self.ask(pictures), len(pictures), self.called)
        first = next((reply for reply in replies if reply is not None), None)
        if self.form is None and first is None and self.expected is None:
            raise FacetrialError(
                f"{self.called} finds nobody on the {len(replies)} pictures that it is first asked about, so that "
                "nobody knows how many numbers its answers have: give embedder.dimension."
            )
        form = self.form
        if form is None and first is not None:
            form = form_of(first, self.called)
            _check_dimension(form, self.expected, self.called)
        vectors = [vector_of(reply, form or Form(self.expected or 0), self.called) for reply in replies]
        self.form = form
        return vectors


def _check_dimension(form: Form, expected: int | None, who: str) -> None:
    if expected not in (None, form.dimension):
        raise FacetrialError(
            f"{who} gives answers of {form.dimension} numbers, and embedder.dimension={expected}. Leave that out, or "
            "put it right."
        )
