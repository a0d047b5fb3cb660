"""Whether certificates are kept, and noisy copies are named as often as they claim."""

from typing import Annotated

import numpy as np
import pandas as pd
import torch
from scipy import stats

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count, Unit
from facetrial.defenses.smoothing import Smoothed
from facetrial.recognition.layers import scores_of
from facetrial.trial.certificate import CLASS, RADIUS
from facetrial.trial.rows import ABSTAINED

_BY_CHANCE = 0.001  # that a true radius is taken for one too large, for each picture
_OF_CERTIFICATE = (
    "look at the units of the noise (defense.smoothing.sigma, in [0, 1]), whether copies that choose are those that "
    "bound, and whose pictures were certified; start the trial again with resume=false"
)


class Certificates(Check):
    """No attacked picture contradicts its certificate, each radius is one that votes show, nobody is certified without
    one, and noisy copies of a few pictures are named as often as their radius claims.

    A radius R at noise of deviation s says that at least the share Phi(R / s) of noisy copies are named alike (Cohen et
    al., 2019): of a radius in other units, of other noise or of other pictures, far fewer are. It is left out of trials
    without certificates.

    Args:
        pictures: how many are looked at, those of the largest radius.
        copies: noisy copies of each.
    """

    def __init__(self, pictures: Count = 6, copies: Annotated[Count, Unit("noisy copies")] = 64) -> None:
        self.pictures = pictures
        self.copies = copies

    def __call__(self, evidence: Evidence) -> Outcome | None:
        if RADIUS not in evidence.rows:
            return does_not_apply("there are no certificates")
        kept = keeps_certificates(evidence.rows)
        if not kept.passed or not isinstance(victim := evidence.victim, Smoothed):
            return kept
        none = evidence.rows["file"][
            (evidence.rows[RADIUS] == 0) & (evidence.rows[CLASS] != ABSTAINED)
        ].tolist()
        if none:
            return failed(
                f"{len(none)} of {len(evidence.rows)} pictures have a radius of 0 and a certified name all the same: "
                f"{', '.join(none[:3])}",
                f"where the votes' bound is not above one half nobody is certified: write {ABSTAINED!r}, else what is "
                "certified at 0 counts whoever has the most votes",
            )
        sigma, rows = victim.defense.sigma, evidence.rows.sort_values(RADIUS, ascending=False)
        if (certificate := evidence.certificate) is not None:
            most = sigma * stats.norm.ppf(certificate.alpha ** (1 / certificate.n))
            if (largest := float(rows[RADIUS].max())) > most * 1.001:
                return failed(
                    f"a radius of {largest:.3g} is certified, and {certificate.n} copies with noise of {sigma:g} can "
                    f"show {most:.3g} at most",
                    _OF_CERTIFICATE,
                )
            votes = np.arange(certificate.n // 2, certificate.n + 1)
            shown = sigma * stats.norm.ppf(
                stats.beta.ppf(certificate.alpha, votes, certificate.n - votes + 1)
            )
            told = rows[RADIUS][rows[RADIUS] > 0].to_numpy(dtype=float)
            odd = [radius for radius in told if not np.isclose(radius, shown, rtol=1e-3, atol=1e-6).any()]
            if odd:
                return failed(
                    f"{len(odd)} of {len(told)} radii, such as {odd[0]:.4g}, are none that a number of {certificate.n} "
                    f"votes shows with noise of {sigma:g}, at a chance of {certificate.alpha:g} to be wrong",
                    "a radius is the noise times the quantile of the votes' bound from below (Clopper and Pearson's), "
                    f"not of their share; {_OF_CERTIFICATE}",
                )
        places = {file: place for place, file in enumerate(evidence.faces.files)}
        looked = rows[rows[RADIUS] > 0].head(self.pictures)
        short = []
        for file, name, radius in looked[["file", CLASS, RADIUS]].itertuples(index=False):
            image = evidence.images([places[file]])
            noise = torch.randn(
                (self.copies, *image.shape[1:]), generator=torch.Generator().manual_seed(places[file])
            )
            named = scores_of(victim.victim, image + sigma * noise.to(image)).argmax(1)
            alike = int((named == evidence.faces.names.index(name)).sum())
            if stats.binom.cdf(alike, self.copies, stats.norm.cdf(radius / sigma)) < _BY_CHANCE:
                short.append(f"{file} ({alike} of {self.copies} copies, radius {radius:.3g})")
        if not short:
            return passed(
                f"{kept.detail}; noisy copies of {len(looked)} pictures are named as often as radii claim"
            )
        return failed(
            f"noisy copies are named less often than the certified radius claims: {'; '.join(short[:3])}",
            _OF_CERTIFICATE,
        )


def keeps_certificates(rows: pd.DataFrame) -> Outcome:
    """Whether no picture was attacked nearer than its certified radius, and named otherwise."""
    inside = (rows[CLASS] == rows["identity"]) & (rows["l2"] < rows[RADIUS])
    other = ~rows["predicted_attacked"].isin([ABSTAINED]) & (rows["predicted_attacked"] != rows["identity"])
    broken = rows["file"][inside & other].tolist()
    detail = f"{len(broken)} of {int(inside.sum())} changes within a certified radius changed the name"
    return Outcome(not broken, detail + (f": {', '.join(broken[:3])}" if broken else ""))
