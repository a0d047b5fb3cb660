"""What detectors noticed, on a page: a sentence and the ROC curve."""

from facetrial.metrics.flagging import Flagging
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Chart, Section, Series
from facetrial.report.rendering.formatting import interval, percent


def flagging_sentence(flagging: Flagging) -> str:
    """Flagging in one sentence."""
    caught, alarms, through = flagging.caught, flagging.false_alarms, flagging.undetected_success
    return (
        f"{percent(caught.value)} of the attacked pictures are flagged (95 % interval {interval(caught)}), and "
        f"{percent(alarms.value)} of the clean ones; undetected, the attack succeeded on "
        f"{percent(through.value)} of {through.n} pictures (95 % interval {interval(through)})."
    )


def describe_flagging(flagging: Flagging) -> str:
    """The figure in words."""
    auroc = flagging.auroc
    return (
        f"Receiver operating characteristic of the detector: area {auroc.value:.3f} (95 % interval "
        f"{auroc.low:.3f} to {auroc.high:.3f}). {flagging_sentence(flagging)}"
    )


def flagging_section(summary: TrialSummary) -> Section | None:
    """What detectors noticed; None where the victim has none."""
    if summary.flagging is None:
        return None
    return Section(
        "What is noticed", [flagging_sentence(summary.flagging)], charts=[flagging_chart(summary.flagging)]
    )


def flagging_chart(flagging: Flagging) -> Chart:
    """The receiver operating characteristic, and the threshold that stood trial."""
    alarms, caught = zip(*((point.false_alarms, point.caught) for point in flagging.roc), strict=True)
    stood = [flagging.false_alarms.value], [flagging.caught.value]
    return Chart(
        "flagging",
        describe_flagging(flagging),
        "Attacked pictures that would be flagged at each share of false alarms on the same clean pictures. The "
        "threshold that stood trial was set on other clean pictures.",
        "clean pictures flagged",
        "attacked pictures flagged",
        [
            Series("by chance", [0, 1], [0, 1], line=True, points=False, tone="muted"),
            Series("detector", alarms, caught, line=True, points=False, tone="attacked"),
            Series("the threshold that stood trial", *stood, tone="ink"),
        ],
        percent_x=True,
    )
