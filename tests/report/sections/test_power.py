"""What a report says that so few pictures can show."""

from dataclasses import replace

from facetrial.metrics.power import PersonsPower, power_summary
from facetrial.report.sections.power import power_section, power_sentence
from tests.helpers.defended import trial

TRIAL = trial("pgd", "none", 0.5)


def test_the_summary_says_so():
    power = power_summary({"George_W_Bush": 132, "Bill_Clinton": 7, "Ann": 3})
    assert power.people["Ann"] == PersonsPower(3, None)
    assert power_sentence(power).startswith(
        "132 pictures of one person (George W Bush) cannot show a five-point difference: "
    )
    assert "can show a five-point difference if" in power_sentence(power_summary({"A": 200}))
    assert "cannot show any difference" in power_sentence(power_summary({"A": 1}))

    section = power_section(replace(TRIAL, power=power))
    assert section.sentences[1] == "Of 3 people, 0 have enough pictures for that."
    assert [line[1] for line in section.tables[0].lines] == [132, 7, 3]
    assert section.tables[0].lines[2][2] is None
    assert power_section(TRIAL) is None
