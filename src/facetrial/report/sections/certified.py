"""Certified accuracy, on the axes of what an attack leaves."""

from facetrial.metrics.certified import Certified
from facetrial.metrics.summary import TrialSummary
from facetrial.report.rendering.components import Chart, Section, Series
from facetrial.report.rendering.formatting import figure_in_words, interval, percent
from facetrial.report.sections.security_curve import size_series


def certified_section(summary: TrialSummary) -> Section | None:
    """What no change within a radius alters, with the certificates' confidence; None without certificates."""
    if summary.certified is None:
        return None
    return Section(
        "What is certified",
        [certified_sentence(summary.certified)],
        charts=[certified_chart(summary, summary.certified)],
    )


def certified_chart(summary: TrialSummary, certified: Certified) -> Chart:
    """What is certified right at each L2 radius; where the attack looked for the smallest L2 change, also what it left.

    Of the attack, only wrong names count: where nobody is named, no certificate is broken. Counted so, an attack can
    leave no less than is certified, but for certificates and votes that are wrong by chance.
    """
    radii = [point.radius for point in certified.points]
    series = [Series.of("certified", radii, certified.points, line=True, tone="eight_bit")]
    beside = ""
    if certified.left is not None:
        series.append(size_series(f"left by {summary.attack}", certified.left, "attacked"))
        beside = (
            " What the attack left are pictures without a wrong name; there an abstention is none."
            if summary.goal == "dodging"
            else " What the attack left are pictures that are not taken for the target."
        )
    return Chart(
        "certified",
        describe_certified(certified),
        f"The share of pictures whose right name no change within the L2 radius alters, each {confidence(certified)}; "
        f"abstentions count as wrong.{beside} Whiskers: 95 % intervals.",
        "L2 distance, pixels in [0, 1]",
        "right",
        series,
        level=summary.clean_accuracy.value,
        level_name="clean",
    )


def describe_certified(certified: Certified) -> str:
    """Every figure of it in words."""
    return "Certified accuracy with 95 % intervals at each L2 radius: " + "; ".join(
        f"{point.radius:.3g}: {figure_in_words(point)}" for point in certified.points
    )


def certified_sentence(certified: Certified) -> str:
    """What is certified at twice the noise, or as near to it as the number of copies allows."""
    point = min(certified.points, key=lambda p: abs(p.radius - 2 * certified.sigma))
    return (
        f"At L2 radius {point.radius:.3g}, {percent(point.value)} are certified right, each {confidence(certified)} "
        f"(95 % interval of the share {interval(point)}; abstentions count as wrong)."
    )


def confidence(certified: Certified) -> str:
    """How sure a certificate is: alpha 0.001 -> "with confidence 99.9 %"."""
    return f"with confidence {100 * (1 - certified.alpha):.10g} %"
