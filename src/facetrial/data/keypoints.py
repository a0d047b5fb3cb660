"""Kaggle's Facial Keypoints Detection: 96x96 grey faces with 15 points, many rows only partly labelled."""

import logging
from pathlib import Path
from typing import Annotated

import numpy as np
import torch

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Count, InsideShare, Positive, Seed, ShareBelowOne, Unit
from facetrial.data.face_likeness import likeness
from facetrial.data.framed import FramesDataModule
from facetrial.data.keypoints_csv import COMPETITION, fetched_by_kagglehub, read_frames
from facetrial.data.photos.near_duplicates import (
    group_near_duplicates,
    joined_with_mirror_images,
    most_alike,
)

log = logging.getLogger(__name__)


class Keypoints(FramesDataModule):
    """The training set, split so that near-duplicate faces, mirrored or not, do not sit on both sides.

    Validation goes by photographs: pictures that have no near-duplicate anywhere in the set. Of frames of a video, or
    pictures of one occasion, the network has seen the like; those held out are `series_frames`, reported beside.

    A training picture of a series of n is drawn 1 / sqrt(n) as often as a photograph.

    Pictures tell frames of one video apart from others, not one person from another: pictures of a person taken on
    different occasions may still sit on both sides.

    Args:
        root: folder with `training.csv`, the zip that holds it, or Kaggle's outer zip; None has kagglehub fetch it.
        cache: folder in which parsed files are kept.
        validation: share of the photographs, and of the series, for validation; 0 trains on all and validates on the
            same.
        alike: faces whose histograms of gradients correlate more than this on average are near-duplicates.
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
        validation: Annotated[ShareBelowOne, Unit("of the pictures")] = 0.15,
        alike: Annotated[InsideShare, Unit("correlation")] = 0.3,
        largest_likeness: Annotated[Positive, Unit("correlation")] = 0.3,
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
        vectors, mirrored = likeness(frames)
        groups = joined_with_mirror_images(group_near_duplicates(vectors, self.alike), vectors, mirrored)
        alike = np.bincount(groups)[groups]
        held_out = hold_out_groups(groups, self.validation, self.split_seed)
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
        self.train_weights = torch.from_numpy(alike[training] ** -0.5)
        single = alike[validation] == 1
        if not single.any():
            log.warning(
                "No picture held out is without a near-duplicate: validation goes by series of pictures."
            )
            single = ~single
        self.validation_frames = frames.select(validation[single])
        self.series_frames = frames.select(validation[~single])


def hold_out_groups(groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which pictures are for validation, bool (N,): whole groups in random order until `share` is reached.

    Of photographs (groups of one) and of series the same share. Groups of more than 8 and more than a tenth of the
    validation set stay in training: chance alone would decide too much.
    """
    sizes = np.bincount(groups)
    chosen = np.zeros(len(sizes), dtype=bool)
    order = np.random.default_rng(seed).permutation(len(sizes))
    largest = max(8, round(share * len(groups)) // 10)
    for kind in (sizes == 1, sizes > 1):
        wanted = round(share * sizes[kind].sum())
        able = order[kind[order] & (sizes[order] <= largest)]
        before = np.cumsum(sizes[able]) - sizes[able]
        chosen[able[before < wanted]] = True
    return chosen[groups]
