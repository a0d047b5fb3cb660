"""The trial: an attack against a victim over a test set, as a Lightning test loop."""

import struct
import zlib
from collections import Counter
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning import LightningDataModule, LightningModule
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader

from facetrial.attacks.attack import Attack
from facetrial.attacks.referee import referee
from facetrial.attacks.result import Attacked
from facetrial.core.errors import FacetrialError
from facetrial.core.files import written_whole
from facetrial.core.process.told_to_end import ends_when_told
from facetrial.core.progress import LongWork
from facetrial.faces.batch import FaceDataset, Faces, same_batch
from facetrial.faces.on_device import on_device
from facetrial.recognition.layers import scores_and_embeddings
from facetrial.recognition.victim import device_of
from facetrial.trial.certificate import Certificate
from facetrial.trial.shards import Shards
from facetrial.trial.showcase_cases import KeptCases, lost_pictures
from facetrial.trial.verdicts import verdict_rows


class RemainingFaces(LightningDataModule):
    """The pictures that still have no row, shared out among processes: none is padded, none repeated.

    Args:
        faces: the test pictures.
        remaining: rows of `faces` to attack.
        batch_size: pictures a batch.
    """

    def __init__(self, faces: FaceDataset, remaining: list[int], batch_size: int) -> None:
        super().__init__()
        self.faces = faces
        self.remaining = remaining
        self.batch_size = batch_size

    def test_dataloader(self) -> DataLoader:
        if self.trainer is None:
            return DataLoader(self.faces, self.batch_size, sampler=self.remaining, collate_fn=same_batch)
        own = self.remaining[self.trainer.global_rank :: self.trainer.world_size]
        near = on_device(self.faces, self.trainer.strategy.root_device)
        return DataLoader(near, self.batch_size, sampler=own, collate_fn=same_batch)


class Trial(LightningModule):
    """Attacks every picture it is given, has the result checked and judged, and keeps one row a picture.

    Args:
        victim: what is attacked; frozen and in eval mode.
        attack: what attacks it.
        faces: the test pictures that batches index into.
        seed: of what the attack draws.
        shards: where rows go.
        shown: files that the report shows in any case, beside those that say most; None keeps no picture to show.
        images_folder: where attacked pictures go as PNG; None keeps none.
        certificate: what certifies the clean pictures; None leaves them without.
        keep_saved: whether all attacked pictures are kept beside the rows, rounded to 8 bits, for what comes after.
        victim_name: for all that decides the victim's answers: a sweep takes those to clean pictures once. None takes
            them anew.

    Attributes:
        progress: is told which pictures are done.
        same: as for `judged_scores`; None where pictures are named.
    """

    progress: LongWork | None = None
    same: Tensor | None = None

    def __init__(
        self,
        victim: nn.Module,
        attack: Attack,
        faces: FaceDataset,
        seed: int,
        shards: Shards,
        shown: set[str] | None,
        images_folder: Path | None = None,
        certificate: Certificate | None = None,
        keep_saved: bool = False,
        victim_name: str | None = None,
    ) -> None:
        super().__init__()
        self.victim = victim
        self.attack = attack
        self.faces = faces
        self.seed = seed
        self.shards = shards
        self.cases = None if shown is None else KeptCases(shards, shown)
        self.images_folder = images_folder
        self.certificate = certificate
        self.keep_saved = keep_saved
        self.victim_name = victim_name

    def on_test_start(self) -> None:
        ends_when_told()
        if self.victim.training or any(parameter.requires_grad for parameter in self.victim.parameters()):
            raise FacetrialError(
                "the victim must be in eval mode with frozen parameters; call victim.freeze() first."
            )
        self.attack.goal.check(torch.from_numpy(self.faces.identities), self.faces.names)

    def test_step(self, batch: Faces, batch_idx: int) -> None:
        files = [self.faces.files[i] for i in batch.indices.tolist()]
        attacked = self.attack(self.victim, batch, self.seed, files=files)
        budget = self.attack.budget
        referee(batch.images, attacked.images, attacked.region, budget.norm, budget.limit, files)
        self._keep_pictures(batch, attacked, files)
        # Verdicts are float32, whatever the trainer's precision.
        with torch.autocast(batch.images.device.type, enabled=False):
            rows = self.rows(batch, attacked, files)
            if self.certificate is not None:
                rows = rows.assign(**self.certificate.columns(self.victim, batch.images, self.faces.names))
        if self.cases is not None:
            self.cases.keep(rows, batch.images, attacked.images)
        self.shards.write(rows)
        if self.cases is not None:
            self.cases.forget()
        if self.progress is not None:
            self.progress.over(len(files))

    def rows(self, batch: Faces, attacked: Attacked, files: list[str]) -> pd.DataFrame:
        """One row a picture; what belongs to the rows is on disk before they are."""
        embeddings: dict[str, Tensor] = {}
        rows = verdict_rows(
            self.victim, batch, attacked, self.faces.names, files, embeddings, self.victim_name
        )
        if embeddings:
            self.shards.embeddings.write(files, embeddings)
        return rows

    def whole(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Those of the kept rows of which all is on disk as it was written that is written before them."""
        if len(rows) == 0:
            return rows
        asked = rows[rows["file"].isin(set(self.faces.files))]
        whole = set(rows["file"])
        if self.cases is not None:
            whole -= lost_pictures(self.shards, asked, self.cases.always)
        if self.keeps_embeddings():
            whole &= self.shards.embeddings.files()
        if self.keep_saved:
            whole = {file for file in whole if self.shards.has_saved(file)}
        if self.images_folder is not None:
            whole = {file for file in whole if is_whole_png(self.image_file(file))}
        return rows[rows["file"].isin(whole)].reset_index(drop=True)

    def keeps_embeddings(self) -> bool:
        """Whether a picture's embeddings are kept with its row: where the victim goes by one."""
        images = self.faces.batch(np.arange(1)).images.to(device_of(self.victim))
        with torch.no_grad():
            return scores_and_embeddings(self.victim, images)[1] is not None

    def image_file(self, file: str) -> Path:
        """Where an attacked picture is kept in `images_folder`.

        Raises:
            FacetrialError: there is none, or the picture's name leads out of it.
        """
        if self.images_folder is None:
            raise FacetrialError("attacked pictures are not kept; give the trial an images_folder.")
        place = Path(file)
        if place.is_absolute() or ".." in place.parts:
            raise FacetrialError(f"the name of the picture {file} leads out of the folder. Rename it.")
        alone = self._stems[place.with_suffix("")] < 2  # two may differ in their ending
        return self.images_folder / (place.with_suffix(".png") if alone else f"{file}.png")

    @cached_property
    def _stems(self) -> Counter[Path]:
        return Counter(Path(file).with_suffix("") for file in self.faces.files)

    def on_test_end(self) -> None:
        self.trainer.strategy.barrier("all rows are on disk")

    def _keep_pictures(self, batch: Faces, attacked: Attacked, files: list[str]) -> None:
        if self.images_folder is None and not self.keep_saved:
            return
        pixels = attacked.saved.mul(255.0).round().to(torch.uint8)
        for picture, file in zip(pixels.permute(0, 2, 3, 1).cpu().numpy(), files, strict=True):
            if self.keep_saved:
                self.shards.write_saved(file, picture)
            if self.images_folder is not None:
                with written_whole(self.image_file(file)) as temporary:
                    Image.fromarray(picture).save(temporary)


def is_whole_png(path: Path) -> bool:
    """Whether a file is a PNG that agrees with its own checksums."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            picture.verify()
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error):
        return False
    return True
