"""Closed-set identification: everyone is in the gallery; how far down the list of names is the right one?"""

from typing import Any

import pandas as pd

from facetrial.statistics.intervals import rate_over_people
from facetrial.trial.embedding_shards import VERSIONS
from facetrial.trial.rows import ATTACKED

FEW = 5


def identification_summary(rows: pd.DataFrame, people: int) -> dict[str, Any]:
    """The shares of pictures whose right name comes first, and among the first five.

    Args:
        rows: verdict rows with `rank_clean`, `rank_attacked` and `rank_8bit`.
        people: how many the victim knows; five or fewer leave nothing to say of the first five.

    Returns:
        `people`, `top1` and `rank5` (a figure for each version; `rank5` is None where there is nothing to say), and
        `per_person`: name -> the same two.
    """
    ranks = {"top1": 1} | ({"rank5": FEW} if people > FEW else {})

    def figures(own: pd.DataFrame) -> dict[str, Any]:
        return {name: _shares(own, within) for name, within in ranks.items()}

    per_person = {str(name): figures(own) for name, own in rows.groupby("identity", sort=True)}
    return {"people": people, "rank5": None} | figures(rows) | {"per_person": per_person}


def _shares(rows: pd.DataFrame, within: int) -> dict[str, Any]:
    shares = {}
    for version in VERSIONS:
        own = rows if version == "clean" else rows[rows["status"] == ATTACKED]
        hits = own[f"rank_{version}"].to_numpy() <= within
        shares[version] = rate_over_people(hits, own["identity"].to_numpy()).as_dict()
    return shares
