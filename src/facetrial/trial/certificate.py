"""Certificates of a smoothed victim: within which L2 distance nothing changes its answer."""

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from scipy.stats import beta, norm
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.process.ticks import tick
from facetrial.core.settings import Count, InsideShare, Unit
from facetrial.defenses.base import Defense
from facetrial.defenses.smoothing import Smoothed, Smoothing
from facetrial.recognition.layers import forward_passes
from facetrial.recognition.victim import whole_float32
from facetrial.trial.rows import ABSTAINED

CLASS, RADIUS = "certified_class", "certified_radius"
_NOT_SMOOTHED = (
    "a certificate can only be given for a smoothed victim; add defense=smoothing, named first, or leave certificate "
    "out."
)


class Certificate:
    """CERTIFY of Cohen et al. ("Certified adversarial robustness via randomized smoothing", ICML 2019).

    `n0` noisy copies choose the name, `n` others bound its probability from below (Clopper-Pearson, one-sided).

    Args:
        n0: copies that choose.
        n: copies that bound.
        alpha: chance that a certificate is wrong.

    Raises:
        FacetrialError: a setting outside its range.
    """

    @checked("certificate")
    def __init__(
        self,
        n0: Annotated[Count, Unit("noisy copies")],
        n: Annotated[Count, Unit("noisy copies")],
        alpha: InsideShare,
    ) -> None:
        self.n0 = int(n0)
        self.n = int(n)
        self.alpha = alpha

    def check(self, defenses: Iterable[Defense]) -> None:
        """Raises FacetrialError unless a victim behind `defenses` is smoothed."""
        if not isinstance(next(iter(defenses), None), Smoothing):
            raise FacetrialError(_NOT_SMOOTHED)

    def passes(self, victim: nn.Module) -> float:
        """How many answers of `victim`, each a vote of its own, cost what one picture's certificate does."""
        return (self.n0 + self.n) / forward_passes(victim)

    def columns(self, victim: nn.Module, images: Tensor, names: list[str]) -> dict[str, list]:
        """Columns of the verdict rows for clean images (B, 3, H, W): the certified name and its L2 radius.

        Where no name is likelier than all others together, the name is ABSTAINED and the radius 0.
        """
        if not isinstance(victim, Smoothed):
            raise FacetrialError(_NOT_SMOOTHED)
        with whole_float32():  # as verdicts are taken, which the certificate is of
            chosen = victim.votes(images, self.n0, "certificate, choice").argmax(1)
            counts = victim.votes(images, self.n, "certificate, bound").gather(1, chosen[:, None])[:, 0]
        tick(self.passes(victim) * len(images))
        radii = self.radius(counts.cpu().numpy(), victim.defense.sigma)
        people = [names[i] if r > 0 else ABSTAINED for i, r in zip(chosen.tolist(), radii, strict=True)]
        return {CLASS: people, RADIUS: radii.tolist()}

    def radius(self, counts: np.ndarray, sigma: float) -> np.ndarray:
        """Certified radii (B,) from votes (B,) of `n`; 0 where the bound is not above one half."""
        low = np.where(counts > 0, beta.ppf(self.alpha, counts, self.n - counts + 1), 0.0)
        return np.where(low > 0.5, sigma * norm.ppf(low), 0.0)
