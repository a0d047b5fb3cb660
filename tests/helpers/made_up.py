"""Verdicts that were made up, with known figures."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from facetrial.metrics.names import Chosen
from facetrial.metrics.parts import Outcome
from facetrial.metrics.summary import About, TrialSummary, summarise
from facetrial.trial.showcase_cases import choose_cases

VERSIONS = ("clean", "attacked", "8bit")


def made_up_rows(
    people: dict[str, int], attacked: float, clean: float = 0.99, seed: int = 0, out_of_reach: float = 0.0
) -> pd.DataFrame:
    """`people`: name -> number of test pictures; `clean` and `attacked`: chances of being right."""
    generator = np.random.default_rng(seed)
    names = [name for name, count in people.items() for _ in range(count)]
    files = [f"{name}/{name}_{i:04}.jpg" for name, count in people.items() for i in range(count)]
    n = len(names)
    # Clean verdicts are the same in every trial of a victim.
    right = {"clean": np.random.default_rng(99).random(n) < clean}
    right["attacked"] = right["clean"] & (generator.random(n) < attacked / clean)
    right["8bit"] = right["attacked"] ^ (generator.random(n) < 0.01)
    other = dict(zip(people, [*list(people)[1:], next(iter(people))], strict=True))
    rows: dict = {"file": files, "identity": names}
    for version in VERSIONS:
        rows[f"predicted_{version}"] = [
            n if r else other[n] for n, r in zip(names, right[version], strict=True)
        ]
        rows[f"correct_{version}"] = right[version]
        rows[f"margin_{version}"] = np.where(right[version], 0.3, -0.2)
    return pd.DataFrame(rows).assign(
        status="attacked",
        reached=generator.random(n) >= out_of_reach,
        rms=0.1,
        l2=27.7,
        linf=0.4,
        pixels_changed=1000,
        region_area=0.15,
        queries=1,
        steps=1,
    )


def flagged_rows(attacked: float, shift: float, spread: float) -> pd.DataFrame:
    """Rows of 50 pictures with suspicions: `spread` is their deviation, `shift` what attacks add to them."""
    rows = made_up_rows({"A": 20, "B": 30}, attacked=attacked)
    generator = np.random.default_rng(0)
    for version in VERSIONS:
        rows[f"suspicion_{version}"] = generator.normal(
            0.0 if version == "clean" else shift, spread, len(rows)
        )
        rows[f"flagged_{version}"] = rows[f"suspicion_{version}"] > 1
    return rows


def some_pictures(rows: pd.DataFrame, side: int = 32, each: int = 4) -> dict:
    """Pictures of the chosen cases of `rows` and of the first row: noise, and noise on it."""
    generator = np.random.default_rng(0)
    files = [file for chosen in choose_cases(rows, each).values() for file in chosen]
    made = {}
    for file in dict.fromkeys([*files, rows["file"].iloc[0]]):
        clean = generator.random((3, side, side)).astype(np.float32)
        noise = 0.02 * generator.standard_normal(clean.shape)
        made[file] = clean, np.clip(clean + noise, 0, 1).astype(np.float32)
    return made


def about(
    attack: str = "landmarks",
    defense: str = "none",
    attack_changes: Mapping[str, str] | None = None,
    defense_changes: Mapping[str, str] | None = None,
    trained: tuple[str, ...] = (),
    **changes,
) -> About:
    defenses = () if defense == "none" else (defense,)
    chosen = Chosen(attack, attack_changes or {}, defenses, defense_changes or {}, trained)
    values = {
        "data": "lfw",
        "synthetic": False,
        "limit": None,
        "embedder": "inception_resnet_v1",
        "attack": chosen.attack_name,
        "defense": defense,
        "goal": "dodging",
        "seed": 0,
        "chosen": chosen,
    }
    return About(**values | changes)


CHECKS = {
    "one_row_a_picture": Outcome(True, "60 rows for 60 pictures"),
    "referee": Outcome(True, "range, budget and region of every picture"),
}


def made_up_summary(
    rows: pd.DataFrame,
    told: About,
    n_train: Mapping[str, int],
    checks: Mapping[str, Outcome] = CHECKS,
    **parts,
) -> TrialSummary:
    """What `summarise` says of the rows, with further parts of a summary."""
    return replace(summarise(rows, told, n_train, checks, 12.5, len(rows) / 12.5), **parts)
