"""Answers to what a pipeline asked, in the form of JUnit, which services for continuous integration show."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from facetrial.core.errors import visible
from facetrial.core.files import written_whole

FILE = "junit.xml"


@dataclass(frozen=True)
class Answer:
    """What came of one thing that was asked.

    Attributes:
        name: of what was asked.
        passed: None where the question does not apply.
        detail: a sentence.
    """

    name: str
    passed: bool | None
    detail: str


def write_junit(path: Path, suite: str, seconds: float, answers: Sequence[Answer]) -> None:
    """Writes one suite with a test case for each answer; what does not apply is a skipped one.

    Args:
        path: the file.
        suite: what was asked.
        seconds: that the answers took.
        answers: in the order of the file.
    """
    counts = {
        "tests": len(answers),
        "failures": sum(answer.passed is False for answer in answers),
        "skipped": sum(answer.passed is None for answer in answers),
    }
    about = {"name": visible(suite), "time": f"{seconds:.1f}", **{k: str(n) for k, n in counts.items()}}
    root = ElementTree.Element("testsuites", about | {"name": "facetrial"})
    inside = ElementTree.SubElement(root, "testsuite", about | {"errors": "0"})
    for answer in answers:
        case = ElementTree.SubElement(
            inside, "testcase", {"classname": "facetrial", "name": visible(answer.name), "time": "0"}
        )
        detail = visible(answer.detail)
        if answer.passed is True:
            ElementTree.SubElement(case, "system-out").text = detail
        else:
            kind = "failure" if answer.passed is False else "skipped"
            ElementTree.SubElement(case, kind, {"message": detail}).text = detail
    with written_whole(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)
