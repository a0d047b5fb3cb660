"""Closed-set identification: everyone is in the gallery; how far down the list of names is the right one?"""

import pandas as pd

from facetrial.metrics.tasks.results import ByVersion, Identification, Ranks
from facetrial.statistics.intervals import Interval, rate_over_people
from facetrial.trial.embedding_shards import VERSIONS, Version
from facetrial.trial.rows import ATTACKED

FEW = 5


def identification_summary(rows: pd.DataFrame, people: int) -> Identification:
    """The shares of pictures whose right name comes first, and among the first five.

    Args:
        rows: verdict rows with `rank_clean`, `rank_attacked` and `rank_8bit`.
        people: how many the victim knows; five or fewer leave nothing to say of the first five.
    """

    def ranks(own: pd.DataFrame) -> Ranks:
        return Ranks(_shares(own, 1), _shares(own, FEW) if people > FEW else None)

    everybody = ranks(rows)
    per_person = {str(name): ranks(own) for name, own in rows.groupby("identity", sort=True)}
    return Identification(people, everybody.rank5, everybody.top1, per_person)


def _shares(rows: pd.DataFrame, within: int) -> ByVersion:
    shares: dict[Version, Interval] = {}
    for version in VERSIONS:
        own = rows if version == "clean" else rows[rows["status"] == ATTACKED]
        hits = own[f"rank_{version}"].to_numpy() <= within
        shares[version] = rate_over_people(hits, own["identity"].to_numpy())
    return shares
