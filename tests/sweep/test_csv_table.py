"""A line of `sweep.csv`: what a run found, over pictures and over people."""

from facetrial.sweep.csv_table import write_sweep_csv
from facetrial.sweep.runs import gather_runs
from tests.helpers.sweeps import add_overrides, made_up_trials, read_csv, write_trials


def test_each_figure_stands_over_pictures_and_over_people(tmp_path):
    for run, _ in write_trials(tmp_path, made_up_trials(), lambda number, summary: str(number)):
        add_overrides(run, "attack=random")
    runs = gather_runs(tmp_path)
    lines = read_csv(write_sweep_csv(runs, tmp_path))
    assert len(lines) == len(runs) == 5
    for line, run in zip(lines, runs, strict=True):
        over = run.summary.over_people
        assert float(line["robust_accuracy"]) == run.summary.robust_accuracy.value
        assert float(line["robust_accuracy_over_people"]) == over.robust_accuracy.value
        assert float(line["robust_accuracy_over_people_low"]) == over.robust_accuracy.low
        assert over.robust_accuracy.value != run.summary.robust_accuracy.value
