"""Kaggle's Facial Keypoints Detection: 96x96 grey faces with 15 points, many rows only partly labelled."""

from pathlib import Path
from typing import Annotated

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, InsideShare, Positive, Seed, ShareBelowOne, Unit
from facetrial.data.framed import Frames, FramesDataModule
from facetrial.data.keypoints_csv import COMPETITION, LOWER_LIP, fetched_by_kagglehub, read_frames
from facetrial.data.photos.near_duplicates import group_near_duplicates, most_alike
from facetrial.faces.frames import cut_frames, identity_transforms, mean_shape, similarity_transforms
from facetrial.faces.landmark_names import LEFT_EYE, NOSE_TIP, RIGHT_EYE


class Keypoints(FramesDataModule):
    """The training set, split so that near-duplicate faces do not sit on both sides.

    Pixels tell frames of one video apart from others, not one person from another: pictures of a person taken on
    different occasions may still sit on both sides.

    Args:
        root: folder with `training.csv`, the zip that holds it, or Kaggle's outer zip; None has kagglehub fetch it.
        cache: folder in which parsed files are kept.
        validation: share of the pictures for validation; 0 trains on all and validates on the same.
        alike: pictures whose aligned pixels, in local contrast, correlate more than this are near-duplicates.
        largest_likeness: pictures held out that correlate more than this with one trained on are left out.
        split_seed: of the split.
        batch_size: frames a batch.

    Raises:
        FacetrialError: files are missing or cannot be read, naming the row.
    """

    @staticmethod
    def source_files(root: Path) -> list[Path]:
        """The files below `root` that training pictures may come from."""
        names = ("training.csv", "training.zip", f"{COMPETITION}.zip")
        return [root / name for name in names if (root / name).is_file()]

    @checked("data")
    def __init__(
        self,
        root: str | None,
        cache: str,
        validation: Annotated[ShareBelowOne, Unit("of the pictures")] = 0.12,
        alike: Annotated[InsideShare, Unit("correlation")] = 0.4,
        largest_likeness: Annotated[Positive, Unit("correlation")] = 0.5,
        split_seed: Seed = 0,
        batch_size: Annotated[Count, Unit("pictures")] = 64,
    ) -> None:
        super().__init__(batch_size)
        self.root = root
        self.cache = Path(cache).expanduser()
        self.validation = validation
        self.alike = alike
        self.largest_likeness = largest_likeness
        self.split_seed = split_seed

    def folder(self) -> Path:
        """The folder that holds the files, fetched by kagglehub when no root was given."""
        return Path(self.root).expanduser() if self.root is not None else fetched_by_kagglehub()

    def setup(self, stage: str | None = None) -> None:
        if hasattr(self, "train_frames"):
            return
        frames = read_frames(self.folder(), "training", self.cache)
        if self.validation == 0:
            self.train_frames = self.validation_frames = frames
            return
        vectors = likeness(frames)
        held_out = hold_out_groups(
            group_near_duplicates(vectors, self.alike), self.validation, self.split_seed
        )
        training = np.flatnonzero(~held_out)
        validation = np.flatnonzero(held_out)
        if len(training) and len(validation):
            # Groups agree on average; a single pair across the split may be alike all the same.
            validation = validation[
                most_alike(vectors[validation], vectors[training]) <= self.largest_likeness
            ]
        if not len(training) or not len(validation):
            raise FacetrialError(
                f"of {len(frames)} labelled faces {len(training)} are left to train on and {len(validation)} to "
                "validate: they are too few, or too alike. Give more faces, raise data.alike, or set "
                "data.validation=0 to train on all and validate on the same."
            )
        self.train_frames = frames.select(training)
        self.validation_frames = frames.select(validation)


def likeness(frames: Frames, side: int = 24) -> np.ndarray:
    """A vector (N, side * side) for each frame, alike for pictures of one person taken alike.

    Faces are brought to the mean shape by their labels, so that they agree in more than how they were cut; local
    contrast, less what all faces share, tells people apart where plain pixels tell light from shade.
    """
    images = frames.images.float() / 255.0
    common = [LEFT_EYE, RIGHT_EYE, NOSE_TIP, LOWER_LIP]  # nearly every row has them
    points = frames.landmarks[:, common]
    known = ~points.isnan().flatten(1).any(1)
    transforms = identity_transforms(images).clone()
    transforms[known] = similarity_transforms(points[known], mean_shape(points)[common])
    small = F.interpolate(cut_frames(images, transforms), size=(side, side), mode="area")

    def around(values: Tensor) -> Tensor:
        return F.avg_pool2d(values, 7, 1, 3, count_include_pad=False)

    detail = small - around(small)
    contrast = (detail / (around(detail.square()).sqrt() + 0.03)).flatten(1)
    # What a few pictures share may be the person.
    return (contrast - contrast.mean(0) if len(contrast) > 100 else contrast).numpy()


def hold_out_groups(groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which pictures are for validation, bool (N,): whole groups in random order until `share` is reached.

    Groups of more than 8 and more than a tenth of the validation set stay in training: chance alone would decide
    too much.
    """
    sizes = np.bincount(groups)
    wanted = max(1, round(share * len(groups)))
    chosen = np.zeros(len(sizes), dtype=bool)
    total = 0
    for group in np.random.default_rng(seed).permutation(len(sizes)):
        if total >= wanted:
            break
        if sizes[group] <= max(8, wanted // 10):
            chosen[group] = True
            total += sizes[group]
    return chosen[groups]
