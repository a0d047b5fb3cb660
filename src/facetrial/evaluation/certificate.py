"""Certificates of a smoothed victim: within which L2 distance nothing changes its answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta, norm
from torch import Tensor

from facetrial.defenses.defense import Defense
from facetrial.defenses.smoothing import Smoothed, Smoothing
from facetrial.errors import FacetrialError
from facetrial.evaluation.curve import security_curve
from facetrial.evaluation.statistics import rate_over_people
from facetrial.evaluation.verdicts import ABSTAINED

CLASS, RADIUS = "certified_class", "certified_radius"


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

    def __init__(self, n0: int, n: int, alpha: float) -> None:
        if n0 < 1 or n < 1 or n0 != int(n0) or n != int(n) or not 0 < alpha < 1:
            raise FacetrialError(
                "certificate: n0 and n must be whole numbers from 1 on and alpha in (0, 1), found "
                f"{n0}, {n} and {alpha}."
            )
        self.n0 = int(n0)
        self.n = int(n)
        self.alpha = alpha

    def check(self, defenses: Iterable[Defense]) -> None:
        """Raises FacetrialError unless a victim behind `defenses` is smoothed."""
        if not isinstance(next(iter(defenses), None), Smoothing):
            raise FacetrialError(
                "a certificate can only be given for a smoothed victim; add defense=smoothing, named first, or leave "
                "certificate out."
            )

    def columns(self, victim: Smoothed, images: Tensor, names: list[str]) -> dict[str, list]:
        """Columns of the verdict rows for clean images (B, 3, H, W): the certified name and its L2 radius.

        Where no name is likelier than all others together, the name is ABSTAINED and the radius 0.
        """
        chosen = victim.votes(images, self.n0, "certificate, choice").argmax(1)
        counts = victim.votes(images, self.n, "certificate, bound").gather(1, chosen[:, None])[:, 0]
        radii = self.radius(counts.cpu().numpy(), victim.defense.sigma)
        people = [names[i] if r > 0 else ABSTAINED for i, r in zip(chosen.tolist(), radii, strict=True)]
        return {CLASS: people, RADIUS: radii.tolist()}

    def radius(self, counts: np.ndarray, sigma: float) -> np.ndarray:
        """Certified radii (B,) from votes (B,) of `n`; 0 where the bound is not above one half."""
        low = np.where(counts > 0, beta.ppf(self.alpha, counts, self.n - counts + 1), 0.0)
        return np.where(low > 0.5, sigma * norm.ppf(low), 0.0)


def certified_summary(rows: pd.DataFrame, certificate: Certificate, sigma: float) -> dict[str, Any]:
    """What the summary says: the share of all pictures certified right at each radius; abstentions are wrong."""
    right = rows[CLASS].to_numpy() == rows["identity"].to_numpy()
    radii = np.where(right, rows[RADIUS].to_numpy(dtype=float), -1.0)
    people = rows["identity"].to_numpy()
    largest = float(certificate.radius(np.array([certificate.n]), sigma)[0])
    shown = [sigma / 4 * step for step in range(1 + int(largest / (sigma / 4)))]
    points = [{"radius": r, **rate_over_people(right & (radii >= r), people).as_dict()} for r in shown]
    return {
        "sigma": sigma,
        "n": certificate.n,
        "n0": certificate.n0,
        "alpha": certificate.alpha,
        "largest": largest,
        "abstained": rate_over_people(rows[CLASS].to_numpy() == ABSTAINED, people).as_dict(),
        "points": points,
    }


def left_beside(
    rows: pd.DataFrame, limit: float, goal: str, sizes: Sequence[float], largest: float
) -> list[dict[str, Any]]:
    """What an attack left at each L2 size, to be put beside what is certified: who got no wrong name.

    As the points of `security_curve`, but that an abstention is no wrong name, of a clean picture as of an attacked
    one: a certificate says that the name is not altered, not that the vote is decided.

    Args:
        rows: verdict rows with `smallest`.
        limit: the attack's budget in L2, the largest change that was looked for.
        goal: "dodging" or "impersonation".
        sizes: up to `limit`.
        largest: the largest radius that can be certified; sizes beyond twice of it are left out.
    """
    named_right = rows["correct_clean"].astype(bool) | (rows["predicted_clean"] == ABSTAINED)
    shown = [size for size in sizes if size <= 2.0 * largest]
    if not shown:
        return []
    return security_curve(rows.assign(correct_clean=named_right), "l2", limit, goal, shown)["points"]


def keeps_certificates(rows: pd.DataFrame) -> dict[str, Any]:
    """The check that no attacked picture contradicts its certificate: nearer than the radius, and named otherwise."""
    inside = (rows[CLASS] == rows["identity"]) & (rows["l2"] < rows[RADIUS])
    other = ~rows["predicted_attacked"].isin([ABSTAINED]) & (rows["predicted_attacked"] != rows["identity"])
    broken = rows["file"][inside & other].tolist()
    detail = f"{len(broken)} of {int(inside.sum())} changes within a certified radius changed the name"
    check: Mapping[str, Any] = {
        "passed": not broken,
        "detail": detail + (f": {', '.join(broken[:3])}" if broken else ""),
    }
    return dict(check)
