"""Charts, a table and a section that were made up."""

import numpy as np

from facetrial.report.rendering.components import Chart, Drawing, Section, Series, Table
from facetrial.statistics.intervals import Interval

HOSTILE = "</script><script>alert('x')</script>"


PARTS = Series("parts", ["eyes", "nose"], [0.5, 0.4], [0.4, None], [0.6, None], tone="attacked")


CLEAN = Series("clean", ["eyes", "nose"], [0.9, None], tone="clean")


AGAIN = Series("", ["nose"], [0.45], tone="attacked", hollow=True)


BY_PART = Chart("by_part", "Dots of two parts.", "Under it.", "where", "recognised", [CLEAN, PARTS, AGAIN])


BY_SIZE = Chart(
    "by_size",
    f"A curve {HOSTILE}.",
    "Under it.",
    "size",
    "recognised",
    [Series("a curve", [0.5, 1, 2], [0.9, 0.5, 0.1], [0.8, 0.4, 0], [1, 0.6, 0.2], line=True, band=True)],
    log_x=True,
    mark=1.0,
    mark_name="median",
)


SCORES = Table("Scores", ["part", "n", "left"], [["eyes", 3, Interval(0.5, 0.4, 0.6, 8)]])


SECTION = Section(
    "Where it is weak",
    ["The eyes are weakest."],
    "Read it so.",
    [BY_PART, BY_SIZE],
    [SCORES],
    [Drawing("face", "A face, dark at the eyes.", "Dark: weak.", np.zeros((3, 8, 6)))],
)
