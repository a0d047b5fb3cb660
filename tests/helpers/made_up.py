"""Verdicts that were made up, with known figures."""

import numpy as np
import pandas as pd

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


def about(**changes) -> dict:
    values = {
        "data": "lfw",
        "synthetic": False,
        "limit": None,
        "embedder": "inception_resnet_v1",
        "attack": "landmarks",
        "defense": "none",
        "goal": "dodging",
        "seed": 0,
        "seconds": 12.5,
    }
    return values | changes


CHECKS = {
    "one_row_a_picture": {"passed": True, "detail": "60 rows for 60 pictures"},
    "referee": {"passed": True, "detail": "range, budget and region of every picture"},
}
