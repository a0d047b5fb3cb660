"""JUnit's form, as services for continuous integration read it."""

from xml.etree import ElementTree

from facetrial.report.junit import Answer, write_junit


def test_what_passed_what_did_not_and_what_was_not_asked(tmp_path):
    answers = [
        Answer("robust", False, 'only 12 % are left; "80 %" <was asked>\x1b'),
        Answer("trusted", True, "all checks passed"),
        Answer("slopes", None, "it asks for none"),
    ]
    write_junit(tmp_path / "junit.xml", "pgd & small", 12.34, answers)
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    (suite,) = root
    for told in (root, suite):
        assert [told.get(name) for name in ("tests", "failures", "skipped", "time")] == [
            "3",
            "1",
            "1",
            "12.3",
        ]
    assert suite.get("name") == "pgd & small"
    robust, trusted, slopes = suite
    assert [case.get("name") for case in suite] == ["robust", "trusted", "slopes"]
    assert robust.find("failure").get("message") == 'only 12 % are left; "80 %" <was asked>\\x1b'
    assert trusted.find("failure") is None
    assert trusted.find("skipped") is None
    assert slopes.find("skipped").text == "it asks for none"
