"""Ways that a picture takes from the attacker to the recogniser."""

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from PIL import Image

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import whole
from facetrial.data.photos.alignment import Alignment
from facetrial.data.photos.detection import Search, find_in
from facetrial.data.photos.source_photo import Photograph


@dataclass(frozen=True)
class Sent:
    """Pictures that are sent.

    Attributes:
        crops: uint8 (B, S, S, 3), as the attacker leaves them, or clean.
        clean: uint8 (B, S, S, 3), the clean crops.
        photographs: B, what the clean crops were cut from.
        search: how faces are found again.
        alignment: how they are cut; None where the data's pictures are crops from the start.
    """

    crops: np.ndarray
    clean: np.ndarray
    photographs: Sequence[Photograph]
    search: Search
    alignment: Alignment | None


class SentPath(ABC):
    """Base of ways.

    Attributes:
        label: what a reader is told of it.
        finds_again: whether the face is looked for anew.
    """

    label: str
    finds_again = False

    @abstractmethod
    def __call__(self, sent: Sent) -> tuple[np.ndarray, np.ndarray]:
        """What the recogniser is shown: crops uint8 (B, S, S, 3), and (B,) bool, whether a face was found."""


class Saved(SentPath):
    """The crop is saved as a file and read again.

    Args:
        format: "PNG", which keeps 8 bits a channel, or "JPEG".
        quality: of JPEG, from 1 to 100; Pillow's other settings are those that it saves with by default.

    Raises:
        FacetrialError: another format or quality.
    """

    @checked("physical")
    def __init__(
        self, format: Literal["PNG", "JPEG"], quality: Annotated[int, whole(1, 100)] | None = None
    ) -> None:
        if (format == "JPEG") != (quality is not None):
            raise FacetrialError(
                f"physical: a JPEG has a quality and a PNG has none, found {format} with {quality}."
            )
        self.settings = {} if quality is None else {"quality": quality}
        self.format = format
        self.label = format if quality is None else f"{format} {quality}"

    def __call__(self, sent: Sent) -> tuple[np.ndarray, np.ndarray]:
        crops = np.stack([self.through_a_file(crop) for crop in sent.crops])
        return crops, np.ones(len(crops), dtype=bool)

    def through_a_file(self, pixels: np.ndarray) -> np.ndarray:
        """A picture uint8 (H, W, 3) as it comes back from a file; encoder and decoder are real, the file in memory."""
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, format=self.format, **self.settings)
        with Image.open(file) as opened:
            return np.asarray(opened.convert("RGB"))


class FoundAgain(SentPath):
    """The change is carried back into the photograph, which is saved; the face is found again, by MTCNN, and cut anew.

    The photograph, not the crop with a margin around it, is what a recogniser meets in the world: it brings its own
    surroundings and resolution, so that detection and alignment are those of the clean pictures, for every alignment,
    those that stretch the face among them. The change, not the crop, is carried back: so the clean control goes through
    the very photograph, and what is lost is lost to the change alone. It is lost twice, when it is drawn at the
    photograph's resolution and when the face is cut anew. Where the data's pictures are crops from the start, as
    drawn faces are, they are saved and found again, and not cut.

    Args:
        file: how the photograph is saved.
    """

    finds_again = True

    def __init__(self, file: Saved) -> None:
        self.file = file
        self.label = f"found again ({file.label})"

    def __call__(self, sent: Sent) -> tuple[np.ndarray, np.ndarray]:
        changes = sent.crops.astype(np.float32) - sent.clean
        pictures = [
            self.file.through_a_file(photograph.changed(change))
            for photograph, change in zip(sent.photographs, changes, strict=True)
        ]
        seen = find_in([Image.fromarray(picture) for picture in pictures], sent.search)
        crops = np.zeros_like(sent.crops)
        for row in np.flatnonzero(seen.found):
            picture = Image.fromarray(pictures[row])
            if sent.alignment is None:
                crops[row] = pictures[row]
            else:
                crops[row], _ = sent.alignment.align(picture, seen.boxes[row], seen.points[row])
        return crops, seen.found
