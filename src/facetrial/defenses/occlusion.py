"""Covers the face region by region and lets what is left of it vote."""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Unit, number
from facetrial.defenses.base import Defense
from facetrial.defenses.transform import SeesChanged
from facetrial.faces.batch import FaceDataset, pictures_a_batch
from facetrial.faces.frames import inter_eye_distance, pixel_centres
from facetrial.faces.landmark_names import LANDMARK_NAMES

# What a cover hides: landmarks whose names begin so, and by how much of the inter-eye distance it reaches beyond them.
_PARTS = {
    "eyes": (("left_eye_", "right_eye_"), 0.28),
    "brows": (("left_eyebrow", "right_eyebrow"), 0.22),
    "nose": (("nose_tip",), 0.40),
    "mouth": (("mouth_",), 0.25),
}
_FOREHEAD, _CHIN = (
    -0.75,
    0.75,
)  # middles of the covers above the brows and below the mouth, in inter-eye distances


class Occlusion(Defense):
    """Double masking over covers that lie on the parts of a face (PatchCleanser, Xiang et al., USENIX Security 2022).

    An attack that stays within one part is hidden by one of the covers. With each cover in turn the recogniser is
    asked; if all answers agree, that is the answer. Else each answer that is not the majority's is asked again under
    every second cover, and wins if it does not change; else the majority wins. The covers lie where the parts of the
    held-out pictures lie on average, so faces must be aligned; no network that could be fooled looks for them.

    Args:
        widen: by how much of its own reach each cover is widened.
        fill: what a cover shows: "mean", the picture's mean colour, or "blur", the picture blurred until nothing is
            left of its detail.

    Raises:
        FacetrialError: a setting that is not among these.
    """

    needs_landmarks = True

    @checked("defense.occlusion")
    def __init__(
        self,
        widen: Annotated[float, number("must be above -1", gt=-1), Unit("of a cover's reach")] = 0.0,
        fill: Literal["mean", "blur"] = "mean",
    ) -> None:
        self.widen = widen
        self.fill = fill

    def wrap_victim(self, victim: nn.Module, faces: FaceDataset | None = None) -> nn.Module:
        if faces is None:
            raise FacetrialError(
                "defense=occlusion looks at clean pictures for where a face's parts lie; give some."
            )
        known = torch.from_numpy(faces.landmarks).float()
        known = known[~known.isnan().flatten(1).any(1)]
        if len(known) == 0:
            raise FacetrialError(
                "defense=occlusion needs landmarks of clean pictures and found none of all fifteen; choose "
                "another source, such as landmarks=regressor or landmarks=mtcnn."
            )
        height, width = faces.pixels.shape[1:3]
        covers = covers_of(known.mean(0), height, width, self.widen)
        return Occluded(victim, covers, self.fill)


def covers_of(landmarks: Tensor, height: int, width: int, widen: float = 0.0) -> Tensor:
    """Covers (K, 1, H, W) of zeros and ones for a face with landmarks (15, 2): a part each, the forehead, the chin."""
    between = float(inter_eye_distance(landmarks[None]))
    grid = pixel_centres(height, width)
    covers = []
    for beginnings, reach in _PARTS.values():
        points = landmarks[[n.startswith(beginnings) for n in LANDMARK_NAMES]]
        low, high = points.amin(0), points.amax(0)
        covers.append(_box(grid, low, high, reach * (1.0 + widen) * between))
    brows = landmarks[[n.startswith(_PARTS["brows"][0]) for n in LANDMARK_NAMES]]
    mouth = landmarks[[n.startswith("mouth_") for n in LANDMARK_NAMES]]
    for points, down in ((brows, _FOREHEAD), (mouth, _CHIN)):
        middle = points.mean(0) + torch.tensor([0.0, down * between])
        low, high = points.amin(0), points.amax(0)
        low, high = torch.stack([low[0], middle[1]]), torch.stack([high[0], middle[1]])
        covers.append(_box(grid, low, high, 0.4 * (1.0 + widen) * between))
    return torch.stack(covers)[:, None]


def _box(grid: Tensor, low: Tensor, high: Tensor, reach: float) -> Tensor:
    return ((grid >= low - reach) & (grid <= high + reach)).all(-1).float()


class Occluded(SeesChanged):
    """A victim that is asked under every cover.

    Scores are the mean over the covers, with the winner of the double masking put in front. Known, they have the slope
    of the mean, which drives the answers under all covers at once. Of the passes, those under second covers, which only
    undecided pictures need, are not counted.

    Args:
        victim: what is defended.
        covers: (K, 1, H, W), 1 where a cover lies.
        fill: as for `Occlusion`.
    """

    covers: Tensor

    def __init__(self, victim: nn.Module, covers: Tensor, fill: str = "mean") -> None:
        super().__init__(victim)
        self.register_buffer("covers", covers)
        self.fill = fill
        self.forward_passes = len(covers)

    def scores(self, images: Tensor) -> Tensor:
        count = len(self.covers)
        single = self.victim(self.shown(images)).unflatten(0, (count, -1))
        mean = single.mean(0)
        winners = self._decided(images, single.argmax(-1))
        ahead = mean.amax(1) - mean.gather(1, winners[:, None])[:, 0]
        bonus = torch.where(mean.argmax(1) == winners, 0.0, ahead + 1e-3).detach()
        return mean.scatter_add(1, winners[:, None], bonus[:, None].to(mean.dtype))

    def shown(self, images: Tensor) -> Tensor:
        return self._covered(images, self.covers[:, None])

    @torch.no_grad()
    def _decided(self, images: Tensor, answers: Tensor) -> Tensor:
        """The winners (B,) of the double masking, from the answers (K, B) under single covers."""
        winners = _most_frequent(answers)
        rows, places = (answers != winners).T.nonzero(
            as_tuple=True
        )  # of each picture in the order of the covers
        if len(rows) == 0:
            return winners
        kept = torch.cat(
            [
                self._unchanged(images[some], place, answers[place, some])
                for some, place in zip(
                    *(all.split(self._pairs_a_pass(images)) for all in (rows, places)), strict=True
                )
            ]
        )
        # The first of a picture's that does not change wins.
        first = winners.new_full((len(images),), len(answers)).scatter_reduce_(
            0, rows[kept], places[kept], "amin"
        )
        disputed = answers.gather(0, first.clamp(max=len(answers) - 1)[None])[0]
        return torch.where(first < len(answers), disputed, winners)

    def _pairs_a_pass(self, images: Tensor) -> int:
        return max(1, pictures_a_batch(images.device) // len(self.covers))

    def _unchanged(self, images: Tensor, places: Tensor, answers: Tensor) -> Tensor:
        """(P,) bool: whether the answers (P,) under the covers at `places` (P,) stay under every second cover.

        Args:
            images: (P, 3, H, W).
        """
        both = torch.maximum(self.covers[:, None], self.covers[places])
        again = self.victim(self._covered(images, both)).argmax(1).unflatten(0, (len(self.covers), -1))
        return (again == answers).all(0)

    def _covered(self, images: Tensor, covers: Tensor) -> Tensor:
        """Every picture under every cover, (K x B, 3, H, W), cover after cover.

        Args:
            covers: (K, 1, 1, H, W), or (K, B, 1, H, W) where pictures have covers of their own.
        """
        if covers.shape[-2:] != images.shape[-2:]:
            raise FacetrialError(
                f"the covers are of {tuple(covers.shape[-2:])} pixels, found pictures of {tuple(images.shape[-2:])}."
            )
        if self.fill == "blur":
            shape = images.shape[-2:]
            small = F.adaptive_avg_pool2d(images, 5)
            fill = F.interpolate(small, shape, mode="bilinear", align_corners=False)
        else:
            fill = images.mean((2, 3), keepdim=True)
        covers = covers.to(images.dtype)
        return (images * (1.0 - covers) + fill * covers).flatten(0, 1)


def _most_frequent(answers: Tensor) -> Tensor:
    """Of answers (K, B), each picture's most frequent one, (B,); the lowest of several."""
    votes = (answers[:, None] == answers[None]).sum(1)
    highest = votes == votes.amax(0)
    return torch.where(highest, answers, torch.iinfo(answers.dtype).max).amin(0)
