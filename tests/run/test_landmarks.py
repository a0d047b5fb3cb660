"""Training the landmark network leaves a report."""

from facetrial.run.landmarks import train_landmarks
from tests.helpers.tiny_landmarks import tiny_plan


def test_training_leaves_a_report(tmp_path):
    plan = tiny_plan(tmp_path, "data.people=2", "data.pictures=8", "data.pictures_min=8", "data.batch_size=4")
    figures = train_landmarks(plan)
    page = (tmp_path / "report.html").read_text()
    assert f"{figures['validation/rmse/all']:.2f}" in page
    assert "nothing here holds for photographs" in page
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "error_by_point.png", "landmarks.png", "landmarks_worst.png", "learning.png",
    }  # fmt: skip
