"""A small trial with all that the default checks may look at, so that a fault can be planted in any of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.checks.base import Check, Evidence, run_checks
from facetrial.checks.recounted import recounted
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.defenses.build import defended
from facetrial.defenses.smoothing import Smoothing
from facetrial.faces.batch import FaceDataset
from facetrial.faces.frames import MEAN_SHAPE
from facetrial.metrics import summary as summaries
from facetrial.metrics.names import Chosen
from facetrial.metrics.parts import Outcome
from facetrial.metrics.summary import About
from facetrial.regions.regions import Discs, Everywhere
from facetrial.trial.certificate import Certificate
from facetrial.trial.rows import write_rows
from tests.helpers.evidence import evidence_of, faces, pgd, sound
from tests.helpers.paths import CONF

Planted = Callable[[pytest.MonkeyPatch], Evidence]

EPS = 16
ABOUT = About(
    data="made_up", synthetic=True, limit=None, embedder="small", attack="pgd", defense="none", goal="dodging",
    seed=0, chosen=Chosen("pgd", {}, (), {}),
)  # fmt: skip


class Faults(dict[str, tuple[str, str, Planted]]):
    """Faults by their names: the check that must fail, what its sentences must name, and what plants it."""

    def fault(self, check: str, says: str) -> Callable[[Planted], Planted]:
        """Enters what it decorates."""

        def enter(planted: Planted) -> Planted:
            self[planted.__name__] = (check, says, planted)
            return planted

        return enter

    def assert_found(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Plants it: its check, as the default ones are set, fails and names the cause."""
        check, says, planted = self[name]
        found = default_checks()[check](planted(monkeypatch))
        assert found.passed is False, found
        assert re.search(says, f"{found.detail}; {found.remedy}"), found


class Front(nn.Module):
    """A layer of a user's own in front of the network, which declares nothing."""

    def __init__(self, changed) -> None:
        super().__init__()
        self.changed = changed

    def forward(self, images):
        return self.changed(images)


def default_checks() -> dict[str, Check]:
    return dict(instantiate(OmegaConf.load(CONF / "checks" / "default.yaml")))


def trial(victim=None, attack: Attack | None = None, test: FaceDataset | None = None, **changes) -> Evidence:
    """A trial of the sound victim; what a fault changes is given."""
    found = {"budget_settings": {"_target_": "facetrial.attacks.Linf", "eps": EPS}, "in_front": []} | changes
    return evidence_of(victim or sound(), attack or pgd(eps=EPS), test, **found)


def with_landmarks(size: int = 96, count: int = 24) -> Evidence:
    """A trial in a region of landmarks, on pictures of that size."""
    generator = np.random.default_rng(0)
    shape = np.asarray(MEAN_SHAPE, dtype=np.float32) * size / 96
    landmarks = shape + generator.normal(0, 0.02 * size, (count, 1, 2)).astype(np.float32)
    small = faces(count)
    test = replace(
        small,
        pixels=np.kron(small.pixels, np.ones((1, size // 16, size // 16, 1), np.uint8)),
        landmarks=landmarks,
        five_points=landmarks[:, [1, 0, 10, 12, 11]],
    )
    attack = Attack(Discs(["left_eye_", "mouth"]), pgd(eps=EPS).budget, pgd().method)
    whole, batch = trial(), test.batch(range(count))
    mask = attack.region(batch.landmarks, size, size, Draws(whole.seed, batch.pictures))
    rows = whole.rows.assign(region_area=mask.mean((1, 2, 3)).numpy())
    return replace(whole, attack=attack, faces=test, rows=rows)


def certified(changed=lambda rows: rows, known: bool = True, sigma: float = 0.12) -> Evidence:
    """A trial of a smoothed victim with certificates, whose rows `changed` changes; not `known`, none says of them."""
    victim, certificate = (
        defended(sound(), [Smoothing(sigma, 64, 0.01, 4, None, 0)]),
        Certificate(32, 200, 0.01),
    )
    attack = Attack(Everywhere(), L2(0.02), PGD(Margin(), 2, 0.25))
    found = trial(victim, attack, budget_settings=None, in_front=["smoothing"], defenses=["smoothing"])
    columns = certificate.columns(victim, found.faces.batch(range(24)).images, found.faces.names)
    rows = changed(found.rows.assign(**columns))
    return replace(found, rows=rows, certificate=certificate if known else None)


def counted_anew(folder: Path, found: Evidence, **parts) -> Outcome:
    """What `recounted` says of the summary of these rows, as `summarise` computes it, but for what is given."""
    rows = found.rows
    summary = summaries.summarise(rows, ABOUT, dict.fromkeys(rows["identity"], 9), {}, 1.0, None)
    write_rows(rows, folder / "verdicts.csv")
    return recounted(replace(summary, **parts), folder / "verdicts.csv")


def figures(evidence: Evidence, folder: Path) -> list[str]:
    """What is wrong in a summary of these rows, as `summarise` computes it."""
    return [] if counted_anew(folder, evidence).passed else ["recounted"]


def failed(evidence: Evidence, only: tuple[str, ...] = ()) -> list[str]:
    """Names of the default checks that fail; "error" where a sentence ends the trial."""
    checks = {name: check for name, check in default_checks().items() if not only or name in only}
    try:
        outcomes = run_checks(checks, evidence)
    except FacetrialError:
        return ["error"]
    return [name for name, outcome in outcomes.items() if outcome.passed is False]


def rows_with(evidence: Evidence, **columns) -> Evidence:
    """The same trial with other columns."""
    return replace(evidence, rows=pd.DataFrame(evidence.rows.assign(**columns)))
