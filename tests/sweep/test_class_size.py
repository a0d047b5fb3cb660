"""The same people at several numbers of training pictures."""

from dataclasses import replace

from facetrial.metrics.class_size import class_size_summary
from facetrial.sweep.class_size import class_size_sweep_section
from facetrial.sweep.runs import Run, finished_runs
from facetrial.trial.rows import write_rows
from tests.helpers.made_up import about, made_up_rows, made_up_summary


def test_the_same_people_at_several_sizes(tmp_path):
    people = {"Ann_A": 40, "Bob": 30, "Cid": 30, "Dee": 30}
    runs = []
    for cap, left in ((5, 0.4), (20, 0.6), (100, 0.9)):
        rows = made_up_rows(people, left, seed=cap)
        rows.loc[:1, "status"] = "not_attackable" if cap == 5 else "attacked"
        n_train = {name: 7 + place for place, name in enumerate(people)}
        summary = made_up_summary(rows, about(attack="random"), n_train)
        found = class_size_summary(summary.per_identity, cap, ("Ann_A", "Bob"))
        folder = tmp_path / str(cap)
        folder.mkdir()
        write_rows(rows, folder / "verdicts.csv")
        runs.append(Run(folder, (), replace(summary, class_size=found)))
    runs = finished_runs(runs)
    section = class_size_sweep_section(runs[::-1])
    assert "the number of training pictures itself decides" in section.sentences[0]
    assert "the same 2 people" in section.sentences[0]
    assert "Ann A, who has most of them" in section.sentences[0]
    [table] = section.tables
    assert list(table.header) == ["person", *(f"at most {cap} pictures" for cap in (5, 20, 100))]
    assert [line[0] for line in table.lines] == ["all of them, clean", "all of them", "Ann_A", "Bob"]
    assert table.lines[0][1].value > table.lines[1][1].value
    assert table.lines[1][1].n == 68  # two could not be attacked in one of the trials
    assert class_size_sweep_section(runs[:1]) is None
