"""Defences that do not change a picture but flag it when it looks attacked."""

import logging
import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Self

import torch
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import InsideShare, Unit
from facetrial.defenses.base import Defense
from facetrial.defenses.transform import InputTransform
from facetrial.faces.batch import FaceDataset, pictures_a_batch
from facetrial.recognition.layers import (
    Defended,
    abstain_columns,
    base_model,
    with_embeddings,
    with_similarities,
)
from facetrial.recognition.victim import device_of, similarities, whole_float32

log = logging.getLogger(__name__)


class Detector(Defense):
    """Base of detectors: how suspicious a picture is, and from where on it is flagged.

    Args:
        false_alarms: share of clean pictures that may be flagged, in (0, 1).

    Attributes:
        forward_passes: how often the victim is run for one picture.
    """

    detects = True
    forward_passes = 1

    @checked("defense")
    def __init__(self, false_alarms: Annotated[InsideShare, Unit("of clean pictures")] = 0.01) -> None:
        self.false_alarms = false_alarms

    @abstractmethod
    def measure(self, victim: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
        """The victim's scores and how suspicious images are if they are taken for each person, with a slope.

        Args:
            victim: scores (B, C) from images, with further columns where it abstains.
            images: (B, 3, H, W) in [0, 1].

        Returns:
            The scores; suspicions, float32 (B, C).
        """

    def wrap_victim(self, victim: nn.Module, faces: FaceDataset | None = None) -> nn.Module:
        """The victim with the detector, whose threshold is set on `faces`.

        Raises:
            FacetrialError: no faces, or a victim without embeddings.
        """
        if faces is None or len(faces) == 0:
            raise FacetrialError(
                f"{type(self).__name__} sets its threshold on clean pictures that nothing was trained on; give some."
            )
        if (len(faces) + 1) * self.false_alarms < 1 - 1e-9:
            log.warning(
                "%d validation pictures are too few for false alarms of %.2g %%: what is more suspicious than all of "
                "them is flagged, %.2g %% of clean pictures.",
                *(len(faces), 100 * self.false_alarms, 100 / (len(faces) + 1)),
            )
        return Detecting(victim, self, *self._calibrate(victim, faces))

    @torch.no_grad()
    @whole_float32()  # as pictures are flagged
    def _calibrate(self, victim: nn.Module, faces: FaceDataset) -> tuple[float, float, float]:
        """Typical suspicion, threshold and typical lead of the winner over pictures that are clean."""
        suspicions, leads = [], []
        for batch in faces.batches(pictures_a_batch(device := device_of(victim)), device):
            scores, measured = self.measure(victim, batch.images)
            first, second = scores.float().topk(2, dim=1).values.T
            suspicions.append(of_winner(scores, measured).cpu())
            leads.append((first - second).cpu())
        suspicion, lead = torch.cat(suspicions).double(), torch.cat(leads)
        answered = suspicion.isfinite() & lead.isfinite()
        if not answered.any():
            raise FacetrialError(
                f"{type(self).__name__} asked about {len(lead)} pictures and had no finite answer."
            )
        suspicion, lead = suspicion[answered], lead[answered]
        return float(suspicion.median()), threshold(suspicion, self.false_alarms), float(lead.median())


def of_winner(scores: Tensor, suspicions: Tensor) -> Tensor:
    """Of suspicions (B, C), that of the person whose score is highest, (B,)."""
    winners = scores[:, : suspicions.shape[1]].argmax(1)
    return suspicions.gather(1, winners[:, None])[:, 0]


def threshold(suspicions: Tensor, false_alarms: float) -> float:
    """What a new clean picture exceeds with a chance of at most `false_alarms`, from suspicions (N,) of others.

    It is their order statistic of rank (N + 1)(1 - false_alarms), rounded up (Vovk et al., "Algorithmic learning in a
    random world", 2005); with too few for that, the largest, which a new one exceeds with a chance of 1 / (N + 1).
    """
    rank = math.ceil((len(suspicions) + 1) * (1 - false_alarms))
    return float(suspicions.sort().values[min(rank, len(suspicions)) - 1])


class Detecting(Defended):
    """A victim that flags pictures; its scores are those of the defended victim.

    Known, it has one more column of scores, which is the highest exactly where the picture is flagged (after Carlini
    and Wagner, "Adversarial examples are not easily detected", AISec 2017, section 3), and each person's score is less
    by as much as a picture taken for them would be too suspicious. So an attack of any method has to have somebody
    else named without being flagged, and has a slope towards both. Similarities, which a loss may take in place of
    scores, are treated alike, with the lead in their own units.

    Args:
        victim: what is defended.
        defense: the detector.
        typical: suspicion of a typical clean picture.
        limit: suspicion above which a picture is flagged.
        lead: by how much the winner of a typical clean picture leads; from typical to limit weighs as much.
    """

    def __init__(
        self, victim: nn.Module, defense: Detector, typical: float, limit: float, lead: float
    ) -> None:
        super().__init__(victim)
        self.defense = defense
        self.typical = typical
        self.limit = limit
        self.lead = lead

    def adaptive_view(self) -> Self:
        made = self.with_base(self.victim)
        made.abstain_columns = 1
        made.forward_passes = self.defense.forward_passes
        return made

    def suspicion(self, images: Tensor) -> Tensor:
        """How suspicious images are, float32 (B,): 0 is typical of clean pictures, above 1 a picture is flagged."""
        scores, suspicions = self.defense.measure(self.victim, images)
        return self._scaled(of_winner(scores, suspicions))

    def scores(self, images: Tensor) -> Tensor:
        if not self.abstain_columns:
            return self.victim(images)
        return self._abstaining(images)

    def with_embeddings(self, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, embeddings = with_embeddings(self.victim, images)
        if self.abstain_columns:
            scores = self._abstaining(images)
        return scores, embeddings

    def with_similarities(self, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, similarities = with_similarities(self.victim, images)
        if not self.abstain_columns:
            return scores, similarities
        scores, suspicions = self.defense.measure(self.victim, images)
        people = suspicions.shape[1]
        lead = self.lead * _spread(similarities[:, :people]) / _spread(scores[:, :people])
        slack = self._slack(scores, suspicions)
        return _with_abstention(scores, *slack, self.lead), _with_abstention(similarities, *slack, lead)

    def _scaled(self, suspicion: Tensor) -> Tensor:
        return (suspicion - self.typical) / max(self.limit - self.typical, 1e-6)

    def _abstaining(self, images: Tensor) -> Tensor:
        scores, suspicions = self.defense.measure(self.victim, images)
        return _with_abstention(scores, *self._slack(scores, suspicions), self.lead)

    def _slack(self, scores: Tensor, suspicions: Tensor) -> tuple[Tensor, Tensor]:
        """How far each person's suspicion is below the limit (B, C), typical being 1 away, and the winner's (B, 1)."""
        slack = 1.0 - self._scaled(suspicions)
        return slack, of_winner(scores, slack)[:, None]


def _with_abstention(values: Tensor, slack: Tensor, left: Tensor, lead: float | Tensor) -> Tensor:
    """Scores or similarities, each person's less by what `slack` falls short, and an abstention behind them."""
    people = slack.shape[1]
    values, abstained = values[:, :people].float(), values[:, people:]
    abstention = values.amax(1, keepdim=True) + lead * torch.where(left < 0, 1e-3, -left)
    return torch.cat([values + lead * slack.clamp(max=0.0), abstained, abstention], dim=1)


def _spread(values: Tensor) -> Tensor:
    """(B, 1), from the lowest to the highest of values (B, C), without slope."""
    values = values.detach().float()
    return (values.amax(1, keepdim=True) - values.amin(1, keepdim=True)).clamp(min=1e-12)


class FeatureSqueezing(Detector):
    """How far the embedding moves when the picture is squeezed (Xu et al., "Feature squeezing", NDSS 2018).

    Suspicion is the largest cosine distance between the embeddings of the picture and of its squeezed versions. Known,
    gradients pass straight through squeezers that have none.

    Args:
        squeezers: transforms by name.
        false_alarms: as for `Detector`.

    Raises:
        FacetrialError: no squeezer, or one that is not an InputTransform.
    """

    def __init__(
        self,
        squeezers: Mapping[str, InputTransform],
        false_alarms: Annotated[InsideShare, Unit("of clean pictures")] = 0.01,
    ) -> None:
        super().__init__(false_alarms)
        self.squeezers = dict(squeezers)
        for name, squeezer in self.squeezers.items():
            if not isinstance(squeezer, InputTransform):
                raise FacetrialError(
                    f"defense.squeezing.squeezers.{name} is a {type(squeezer).__name__}; expected a transform that "
                    "does not draw, such as facetrial.defenses.BitDepth."
                )
        if not self.squeezers:
            raise FacetrialError("defense.squeezing.squeezers names none; there is nothing to compare with.")
        self.forward_passes = 1 + len(self.squeezers)

    def measure(self, victim: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, embeddings = with_embeddings(victim, images)
        nearness = [
            nn.functional.cosine_similarity(
                embeddings.float(), with_embeddings(victim, squeezer.straight_through(images))[1].float()
            )
            for squeezer in self.squeezers.values()
        ]
        distance = 1.0 - torch.stack(nearness).amin(0)
        return scores, distance[:, None].expand(-1, scores.shape[1] - abstain_columns(victim))


class GalleryDistance(Detector):
    """How far the embedding lies from the gallery of the person it is taken for.

    Suspicion is one minus the cosine similarity of the embedding to the mean embedding of that person's training
    pictures: an attack that crosses a border between two people may stay far from both.
    """

    def measure(self, victim: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, embeddings = with_embeddings(victim, images)
        return scores, 1.0 - similarities(embeddings, getattr(base_model(victim), "head", None)).float()
