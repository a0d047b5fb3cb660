"""The sheet of drawn people."""

from facetrial.data.rendering.contact_sheet import contact_sheet


def test_contact_sheet_holds_rows_of_people():
    sheet = contact_sheet(people=2, pictures=3, size=32, zoom=2, landmarks=True)
    assert sheet.size == (3 * 64, 2 * 64)
