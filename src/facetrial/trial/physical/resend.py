"""After the trial: attacked pictures and their clean ones are sent to the recogniser on every path."""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from facetrial.core.digests import digest
from facetrial.core.errors import FacetrialError
from facetrial.core.progress import progress_bar
from facetrial.data.datamodule import FacesDataModule
from facetrial.recognition.layers import abstains, scores_of
from facetrial.trial.physical.channels import Sent, SentPath
from facetrial.trial.rows import ABSTAINED, ATTACKED
from facetrial.trial.shards import Shards

log = logging.getLogger(__name__)

NOT_FOUND = "(no face)"  # predicted where no face was found; counted as wrong
VERSIONS = ("clean", "attacked")
_BATCH = 16


class Sending:
    """Sends the pictures of a trial on paths to the recogniser.

    Args:
        paths: by name, which becomes part of the columns' names.

    Raises:
        FacetrialError: no path.
    """

    def __init__(self, paths: Mapping[str, SentPath]) -> None:
        if not paths:
            raise FacetrialError("physical.paths is empty; give at least one path, or physical=none.")
        self.paths = dict(paths)

    @property
    def labels(self) -> dict[str, str]:
        """What a reader is told of each path, by its name."""
        return {name: path.label for name, path in self.paths.items()}

    def __call__(
        self,
        victim: nn.Module,
        faces: FacesDataModule,
        rows: pd.DataFrame,
        shards: Shards,
        device: torch.device,
        resume: bool = True,
    ) -> pd.DataFrame:
        """A row for each picture that was attacked: what the victim says of it, clean and attacked, on each path.

        Columns are `file`, `identity`, and for each version (clean, attacked) and path `predicted_…`, `correct_…` and
        `found_…`.

        Args:
            victim: what stood trial, on `device`.
            faces: the data.
            rows: verdict rows.
            shards: of the trial, with the attacked pictures.
            device: where to compute.
            resume: whether rows of an earlier start are taken over.
        """
        own = Shards(shards.folder / f"physical-{digest(repr(sorted(self.labels.items())), size=6)}")
        files = rows["file"][rows["status"] == ATTACKED].tolist()
        done = set(own.read()["file"]) if resume else set()
        places = {file: place for place, file in enumerate(faces.test_faces.files)}
        waiting = [file for file in files if file not in done]
        if done and waiting:
            log.info("%d of %d pictures were sent at an earlier start.", len(done), len(files))
        with progress_bar("Sending pictures", len(waiting)) as advance:
            for start in range(0, len(waiting), _BATCH):
                batch = waiting[start : start + _BATCH]
                own.write(self._sent(victim, faces, shards, [places[file] for file in batch], device))
                advance(len(batch))
        return own.rows_of(files)

    def _sent(
        self,
        victim: nn.Module,
        faces: FacesDataModule,
        shards: Shards,
        chosen: list[int],
        device: torch.device,
    ) -> pd.DataFrame:
        test = faces.test_faces
        files, identities = [test.files[i] for i in chosen], test.identities[chosen]
        clean = np.stack([test.pixels[test.rows[i]] for i in chosen])
        versions = {"clean": clean, "attacked": np.stack([shards.read_saved(file) for file in files])}
        photographs = [faces.photograph(file) for file in files]
        columns: dict[str, list] = {"file": files, "identity": [test.names[i] for i in identities]}
        for version, crops in versions.items():
            sent = Sent(crops, clean, photographs, faces.search, faces.alignment)
            for name, path in self.paths.items():
                shown, found = path(sent)
                predicted, correct = _judged(victim, shown, found, identities, test.names, device)
                key = f"{version}_{name}"
                columns |= {
                    f"predicted_{key}": predicted,
                    f"correct_{key}": correct,
                    f"found_{key}": found.tolist(),
                }
        return pd.DataFrame(columns)


def _judged(
    victim: nn.Module,
    crops: np.ndarray,
    found: np.ndarray,
    identities: np.ndarray,
    names: list[str],
    device: torch.device,
) -> tuple[list[str], list[bool]]:
    """Whom the victim names on crops uint8 (B, S, S, 3), and whether that is right."""
    images: Tensor = torch.from_numpy(crops).permute(0, 3, 1, 2).float().div(255.0).contiguous().to(device)
    scores = scores_of(victim, images)
    winners = scores.argmax(1).tolist()
    silent = (abstains(victim, scores) | ~scores.isfinite().all(1)).tolist()
    predicted = [
        NOT_FOUND if not seen else ABSTAINED if nobody else names[winner]
        for seen, nobody, winner in zip(found, silent, winners, strict=True)
    ]
    correct = [
        bool(seen) and not nobody and winner == int(who)
        for seen, nobody, winner, who in zip(found, silent, winners, identities, strict=True)
    ]
    return predicted, correct
