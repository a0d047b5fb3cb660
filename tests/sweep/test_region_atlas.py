"""Which region of a face is weakest, and what is not claimed."""

from dataclasses import replace

import numpy as np
import pytest

from facetrial.data.synthetic import SyntheticFaces
from facetrial.metrics.parts import RegionUsed
from facetrial.regions.regions import Discs, Everywhere
from facetrial.report.mean_face import write_mean_face
from facetrial.statistics.intervals import Interval
from facetrial.sweep.region_atlas import _Place, answer, atlas_section
from facetrial.sweep.runs import Run, finished_runs
from facetrial.trial.rows import write_rows
from tests.helpers.made_up import about, made_up_rows, made_up_summary

PEOPLE = {f"P{i}": 10 for i in range(12)}


@pytest.fixture(scope="module")
def faces():
    drawn = SyntheticFaces(people=3, pictures=8, pictures_min=8, size=48)
    drawn.setup()
    return drawn.test_faces


def runs_of(folder, faces, left):
    runs = []
    for number, (name, share) in enumerate(left.items()):
        rows = made_up_rows(PEOPLE, share, seed=number)
        summary = made_up_summary(
            rows,
            about(attack="pgd", attack_changes={"region": name}, synthetic=True),
            dict.fromkeys(PEOPLE, 5),
            region=RegionUsed(name, 0.06, 0.06),
        )
        run = folder / name
        run.mkdir(parents=True)
        write_rows(rows, run / "verdicts.csv")
        whole = name in ("everywhere", "scattered", "landmarks")
        region = Everywhere() if whole else Discs(name, area=0.06)
        write_mean_face(faces, region, 0, run)
        runs.append(Run(run, (), summary))
    return finished_runs(runs)


def changed(runs, change):
    return [replace(run, summary=replace(run.summary, **change(run.summary))) for run in runs]


def test_the_weakest_region_is_named_with_its_interval(tmp_path, faces):
    section = atlas_section(
        runs_of(tmp_path, faces, {"nose": 0.3, "mouth": 0.8, "scattered": 0.85, "everywhere": 0.1})
    )
    assert "equal area, 6 % of the picture: the least is left at the nose" in section.sentences[0]
    assert "the nose leaves" in section.sentences[0]
    assert "points fewer recognised than scattered discs (95 % interval" in section.sentences[0]
    [table], [drawing] = section.tables, section.drawings
    assert [line[0] for line in table.lines] == ["everywhere", "nose", "mouth", "scattered"]
    assert table.lines[1][3].difference.high < 0
    assert table.lines[3][3] is None
    assert drawing.pixels.shape == (3, 600, 900)
    assert drawing.caption.startswith("Synthetic faces.")
    assert np.ptp(drawing.pixels, axis=0).max() > 0.1  # coloured where the regions are


def test_nothing_is_claimed_that_the_pictures_do_not_show(tmp_path, faces):
    section = atlas_section(runs_of(tmp_path / "a", faces, {"nose": 0.8, "mouth": 0.8, "scattered": 0.8}))
    assert "is not shown to leave fewer or more recognised than scattered discs" in section.sentences[0]
    alone = runs_of(tmp_path / "b", faces, {"nose": 0.8, "mouth": 0.8, "everywhere": 0.8})
    assert "no scattered control" in atlas_section(alone).sentences[0]
    assert atlas_section(alone[:2]) is None


def test_what_does_not_outlive_the_correction_is_said(tmp_path, faces):
    [run, *_] = runs_of(tmp_path, faces, {"nose": 0.5})
    places = {
        name: _Place(run, Interval(-0.2, -0.4, -0.02, 40), p) for name, p in (("nose", 0.08), ("mouth", 0.3))
    }
    places["mouth"] = _Place(
        replace(run, summary=replace(run.summary, robust_accuracy=run.summary.clean_accuracy)),
        *list(vars(places["mouth"]).values())[1:],
    )
    said = answer(places)
    assert "the nose is not shown to leave fewer" in said
    assert "-20.0 points, 95 % interval -40.0 to -2.0; p 0.080" in said


def test_all_of_an_atlas_is_corrected_together(tmp_path, faces):
    regions = {"nose": 0.6, "mouth": 0.8, "scattered": 0.85}
    one = runs_of(tmp_path / "a", faces, regions)
    other = changed(one, lambda run: {"seed": 1})
    alone, both = (atlas_section(runs).tables[0].lines for runs in (one, one + other))
    assert "after Holm's correction for 2" in atlas_section(one).sentences[0]
    assert "after Holm's correction for 4" in atlas_section(one + other).sentences[0]
    assert [line[0] for line in alone] == [line[0] for line in both]


def test_a_tie_names_no_region(tmp_path, faces):
    section = atlas_section(runs_of(tmp_path, faces, {"nose": 0.0, "mouth": 0.0, "scattered": 0.8}))
    assert "no region is weaker than another: 0.0 %" in section.sentences[0]


def test_trials_that_differ_in_more_than_the_region_are_not_mixed(tmp_path, faces):
    regions = {"nose": 0.1, "mouth": 0.1, "scattered": 0.1}
    dodging = runs_of(tmp_path / "a", faces, regions)
    weak = changed(
        runs_of(tmp_path / "b", faces, dict.fromkeys(regions, 0.9)),
        lambda one: {"attack_parts": {"budget": {"eps": 2.0}, "region": {"x": one.region.name}}},
    )
    other = changed(weak, lambda _: {"embedder": "another"})
    section = atlas_section(dodging + other)
    assert len(section.tables) == 2
    assert "another" in section.tables[1].title
    assert "another" not in section.tables[0].title
    third = changed(
        runs_of(tmp_path / "c", faces, regions), lambda one: {"region": replace(one.region, equal_area=0.2)}
    )
    mixed = [table.title for table in atlas_section(dodging + other + third).tables]
    assert ["another" in title for title in mixed] == [False, True, False]
    assert "eps=2.0" in atlas_section(dodging + weak).tables[1].title


def test_regions_as_large_as_they_are_are_not_compared_with_another_area(tmp_path, faces):
    runs = runs_of(tmp_path, faces, {"nose": 0.3, "landmarks": 0.5, "scattered": 0.85})
    runs = changed(runs, lambda one: {"region": replace(one.region, equal_area=None)})
    section = atlas_section(runs)
    assert "differ in more than their place" in section.sentences[0]
    [table] = section.tables
    assert {line[0]: line[3] is not None for line in table.lines} == {
        "nose": False,
        "landmarks": True,
        "scattered": False,
    }
