"""The verdict of a trial in plain sentences."""

from facetrial.metrics.flagging import KEPT
from facetrial.metrics.hardest import Hardest, hit_hardest
from facetrial.metrics.security_curve import SecurityCurve
from facetrial.metrics.summary import TrialSummary
from facetrial.report.claims import p_in_words
from facetrial.report.rendering.formatting import (
    interval,
    judged,
    left,
    percent,
    pictures,
    ranked_people,
    shown_name,
    things,
)
from facetrial.report.sections.certified import certified_sentence
from facetrial.report.sections.flagging import flagging_sentence
from facetrial.report.sections.left_out import left_out_sentence
from facetrial.report.sections.security_curve import size_in_words
from facetrial.report.strength import attack_in_words

_THOROUGH = ("unbounded_budget", "black_box", "more_steps")


def headline(summary: TrialSummary) -> str:
    """The verdict in one sentence."""
    robust = summary.left_robust
    if not robust.n:
        return f"No {'pair' if summary.of_pairs else 'picture'} of this trial could be attacked."
    return (
        f"Under the attack {attack_in_words(summary)}, {percent(robust.value)} of the {things(summary, 'faces')} are "
        f"still {left(summary)} (95 % interval {interval(robust)}{_over_people(summary)}); {clean_words(summary)}."
    )


def _over_people(summary: TrialSummary) -> str:
    """The mean over people, where pictures are not spread evenly over them."""
    over = summary.over_people
    if over is None or over.effective_people > 0.95 * over.people or summary.flagging is not None:
        return ""
    return (
        f"; as a mean over {over.people} people, by their pictures worth {over.effective_people:.1f} of equal weight, "
        f"{percent(over.robust_accuracy.value)}"
    )


def clean_words(summary: TrialSummary) -> str:
    """What is right without an attack, as the end of a sentence."""
    kept = f" {KEPT}" if summary.flagging is not None else ""
    return f"clean, {percent(summary.clean_kept.value)} are{kept}"


def sentences(summary: TrialSummary) -> list[str]:
    """What is to be said besides: success, 8-bit, who is hit hardest, pictures left out."""
    said = []
    if summary.weak_on_purpose is not None:
        said.append(
            f"This attack is weak on purpose ({summary.weak_on_purpose}): what it leaves is no robustness. What a "
            "second attack in full strength brings down of that stands among the checks (reference)."
        )
    success = summary.attack_success
    if success.n:
        dodged = summary.goal == "dodging"
        basis = f"{judged(summary)} when clean" if dodged else "not already taken for the target"
        said.append(
            f"Of {success.n} {things(summary)} {basis}, the attack succeeded on {percent(success.value)} "
            f"(95 % interval {interval(success)})."
        )
    eight_bit = summary.robust_accuracy_8bit
    if eight_bit.n:
        said.append(
            f"Saved as an 8-bit picture, which is what a recogniser sees of a file, "
            f"{percent(eight_bit.value)} are {judged(summary)}."
        )
    if summary.curve is not None and summary.curve.median.n:
        said.append(curve_sentence(summary.curve))
    if summary.certified is not None:
        said.append(certified_sentence(summary.certified))
    if summary.flagging is not None and summary.flagging.caught.n:
        said.append(flagging_sentence(summary.flagging))
    if len(ranked_people(summary)) > 1:
        said.append(hardest_sentence(hit_hardest(summary.per_identity)))
    if summary.left_out is not None:
        said.append(left_out_sentence(summary.left_out))
    if summary.not_attackable:
        said.append(
            f"{pictures(summary.not_attackable)} could not be attacked (an empty region, or the target's own "
            "picture) and stand outside the attack's figures."
        )
    if summary.not_reached:
        said.append(
            f"On {pictures(summary.not_reached)} the attack could not use its whole budget; they count as they "
            "came out."
        )
    return said


def hardest_sentence(hardest: Hardest | None) -> str:
    """Who is hit hardest, where anybody is shown to be."""
    if hardest is None:
        return "Nobody is shown to be hit harder than the others."
    hit, others = hardest.person.robust, hardest.others
    return (
        f"{shown_name(hardest.name)} is hit harder than the others: recognised on {round(hit.value * hit.n)} of "
        f"{hit.n} attacked pictures (95 % interval {interval(hit, 0)}), the others on {percent(others.value)} of "
        f"theirs ({interval(others)}; p {p_in_words(hardest.p)}, as one of {hardest.people} people)."
    )


def trust(summary: TrialSummary) -> str:
    """Whether the figures can be trusted, and why."""
    if summary.failed_checks:
        failed = f"{len(summary.failed_checks)} of {len(summary.asked_checks)} checks failed"
        return f"These figures cannot be trusted: {failed}."
    if not summary.asked_checks:
        return "No check was run on these figures."
    if summary.doubt is not None:
        return f"There is no figure to trust: {summary.doubt}."
    further = " Further attacks on a few pictures were not among them (checks=thorough)."
    thorough = set(_THOROUGH) & set(summary.asked_checks)
    return f"All {len(summary.asked_checks)} checks of this trial passed.{'' if thorough else further}"


def banners(summary: TrialSummary) -> list[str]:
    """What a reader must know before any figure."""
    shown = []
    if summary.only_naive:
        shown.append(
            "Not trusted where the attack did not know the defence (attack.adaptive=false): what is left then shows "
            "what the defence hides, not what it withstands."
        )
    elif summary.doubt is not None:
        which = " See “Checks” for which, and what to do." if summary.failed_checks else ""
        shown.append(f"Not trusted: {summary.doubt}.{which}")
    if summary.synthetic:
        shown.append("Synthetic: these faces are drawn by Facetrial. The figures say nothing of real people.")
    if summary.limit is not None:
        shown.append(
            f"A quick look: {summary.n} {things(summary, 'test pictures')} were drawn "
            f"(data.limit={summary.limit}), not all of them."
        )
    return shown


def curve_sentence(curve: SecurityCurve) -> str:
    """The median of the smallest changes, with its interval."""
    median = curve.median
    value, low, high = (size_in_words(curve, end) for end in (median.value, median.low, median.high))
    return (
        f"The smallest change that fools it is {value} at the median ({curve.norm}; 95 % interval "
        f"{low} to {high}; {pictures(median.n)})."
    )
