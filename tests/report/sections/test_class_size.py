"""What a report says of the number of training pictures."""

from dataclasses import replace

import numpy as np

from facetrial.metrics.class_size import class_size_summary
from facetrial.report.sections.class_size import class_size_section
from tests.helpers.class_sizes import people_of
from tests.helpers.defended import trial

TRIAL = trial("pgd", "none", 0.5)


def test_the_sentence_says_what_the_interval_allows():
    generator = np.random.default_rng(2)
    for slope, said in ((0.6, "more often"), (-0.6, "less often"), (0.0, "do not decide")):
        people = people_of(generator, slope)
        section = class_size_section(
            replace(TRIAL, per_identity=people, class_size=class_size_summary(people))
        )
        assert said in section.sentences[0]
        curve = section.charts[0].series[1]
        assert all(low <= y <= high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True))


def test_people_who_do_not_differ_have_no_section():
    assert class_size_section(TRIAL) is None
