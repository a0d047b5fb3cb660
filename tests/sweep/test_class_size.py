"""The same people at several numbers of training pictures, and with two heads."""

from dataclasses import replace

from facetrial.metrics.class_size import class_size_summary
from facetrial.sweep.class_size import class_size_sweep_section
from facetrial.sweep.runs import Run, finished_runs
from facetrial.trial.rows import write_rows
from tests.helpers.made_up import about, made_up_rows, made_up_summary

PEOPLE = {"Ann_A": 40, "Bob": 30, "Cid": 30, "Dee": 30}


def runs_of(folder, left, head="svm"):
    """Trials that differ in the most training pictures of a person, by the share of attacked pictures recognised."""
    runs = []
    for cap, share in left.items():
        rows = made_up_rows(PEOPLE, share, seed=cap)
        rows.loc[:1, "status"] = "not_attackable" if cap == 5 else "attacked"
        n_train = {name: 7 + place for place, name in enumerate(PEOPLE)}
        summary = made_up_summary(rows, about(attack="random", head=head), n_train)
        found = class_size_summary(rows, n_train, head, False, None, cap, ("Ann_A", "Bob"))
        run = folder / f"{head}-{cap}"
        run.mkdir()
        write_rows(rows, run / "verdicts.csv")
        runs.append(Run(run, (f"model/head={head}",), replace(summary, class_size=found)))
    return runs


def test_the_same_people_at_several_sizes(tmp_path):
    runs = finished_runs(runs_of(tmp_path, {5: 0.4, 20: 0.6, 100: 0.9}))
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


def test_of_many_settings_one_is_not_picked(tmp_path):
    """A difference whose own interval leaves out 0 is not claimed where it is one of several that were looked at."""
    chance = runs_of(tmp_path, {5: 0.5, 20: 0.8}, "h0")
    alone = class_size_sweep_section(finished_runs(chance)).sentences[0]
    assert "itself decides" in alone
    assert "points; p 0.0" in alone
    many = [run for n in range(1, 6) for run in runs_of(tmp_path, {5: 0.6, 20: 0.6}, f"h{n}")]
    among = class_size_sweep_section(finished_runs([*chance, *many])).sentences[0]
    assert "itself is not shown to decide" in among
    assert "after Holm's correction for 6)" in among


def test_two_heads_stand_apart_and_beside_each_other(tmp_path):
    svm = runs_of(tmp_path, {5: 0.2, 100: 0.95})
    gallery = runs_of(tmp_path, {5: 0.9, 20: 0.9, 100: 0.95}, "gallery")
    section = class_size_sweep_section(finished_runs([*svm, *gallery]))
    assert [table.title for table in section.tables] == [
        "random / none, seed 0, svm",
        "random / none, seed 0, gallery",
    ]
    *_, heads = section.sentences
    assert "100 instead of 5 pictures" in heads
    assert "of the same 68 pictures: more to svm than to gallery (difference +" in heads
    alike = class_size_sweep_section(
        finished_runs([*svm, *runs_of(tmp_path, {5: 0.2, 100: 0.95}, "gallery of mine")])
    )
    assert "not shown to give svm more than gallery of mine" in alike.sentences[-1]


def test_heads_that_share_no_two_sizes_are_not_compared(tmp_path):
    runs = [*runs_of(tmp_path, {5: 0.2, 20: 0.5}), *runs_of(tmp_path, {20: 0.5, 100: 0.9}, "gallery")]
    assert len(class_size_sweep_section(finished_runs(runs)).sentences) == 2
