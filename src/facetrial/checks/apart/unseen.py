"""Whether the victim knows the pictures of the trial no better than others that it has not seen."""

import math

import numpy as np
from scipy import stats

from facetrial.checks.base import Check, Evidence, Outcome, does_not_apply, failed, passed
from facetrial.core.settings import Count
from facetrial.data.splits import evenly_over_people
from facetrial.recognition.without_slope import keeps_answers
from facetrial.trial.verdicts import own_margins

_MOST = 0.65  # share of comparisons that a tested picture wins: below, a difference would move no figure much
_BY_CHANCE = 1e-4  # that so many are won by pictures that differ from the others by chance alone


class Unseen(Check):
    """Tested pictures are recognised no more surely than validation pictures of the same people.

    Which of a person's pictures are tested and which are validation is drawn, so that both are alike to who has seen
    neither. Where margins of the tested ones are larger, person by person, the victim was trained on them or enrolled
    with them, in whatever form, or chosen among many by them.

    It is left out of pairs, where nobody has pictures of both kinds or too few do to tell, and where answers are kept.

    Args:
        pictures: how many validation pictures are shown at most, evenly over people.
    """

    def __init__(self, pictures: Count = 48) -> None:
        self.pictures = pictures

    def __call__(self, evidence: Evidence) -> Outcome:
        held = evidence.validation_faces
        if evidence.of_pairs or held is None or held is evidence.faces:
            return does_not_apply("there are no validation pictures to compare with")
        if keeps_answers(evidence.victim):
            return does_not_apply(
                "the recogniser's answers are kept: it is asked about no picture that need not be"
            )
        batch = held.batch(evenly_over_people(held.identities, self.pictures, 0)).to(evidence.device)
        others = own_margins(*evidence.judged(batch.images, batch.identities)).cpu().numpy()
        names, people = np.array(held.names), batch.identities.cpu().numpy()
        margins = evidence.rows.groupby("identity")["margin_clean"]
        tested = {str(name): own.to_numpy(dtype=float) for name, own in margins}
        wins, pairs, variance = 0.0, 0, 0.0
        for who in np.unique(people):
            own, other = tested.get(str(names[who]), np.zeros(0)), others[people == who]
            apart = own[:, None] - other
            wins += float((apart > 0).sum() + 0.5 * (apart == 0).sum())
            pairs += apart.size
            variance += apart.size * (len(own) + len(other) + 1) / 12
        # The smallest chance there can be: that all are won.
        if pairs == 0 or stats.norm.sf(pairs / 2 / math.sqrt(variance)) >= _BY_CHANCE:
            return does_not_apply("too few people have tested and validation pictures to tell")
        share, chance = wins / pairs, float(stats.norm.sf((wins - pairs / 2) / math.sqrt(variance)))
        detail = (
            f"tested pictures are recognised more surely than validation pictures of the same person in {share:.0%} of "
            f"{pairs} comparisons"
        )
        if share <= _MOST or chance >= _BY_CHANCE:
            return passed(detail)
        return failed(
            f"{detail}, which unseen ones are by chance once in {1 / max(chance, 1e-12):.0f} times",
            "the victim has seen the pictures of the trial: look what its network was trained on and its head enrolled "
            "with (all_faces, another split_seed, copies of pictures), and whether it was chosen among many by what it "
            "makes of these; enrol it with faces.train_faces",
        )
