"""The table of defences, what a defence costs, and the figures of certificates and detectors."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.detectors import FeatureSqueezing
from facetrial.metrics.certified import certified_summary
from facetrial.metrics.flagging import flagging_summary
from facetrial.metrics.summary import summarise
from facetrial.metrics.summary_json import write_json
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from facetrial.report.rendering.chart_matplotlib import chart_figure
from facetrial.report.rendering.formatting import percent
from facetrial.report.rendering.render import show_table
from facetrial.report.sections.certified import (
    certified_chart,
    certified_section,
    certified_sentence,
    describe_certified,
)
from facetrial.report.sections.flagging import describe_flagging, flagging_section, flagging_sentence
from facetrial.report.wording import banners
from facetrial.report.wording import headline as trial_headline
from facetrial.run.cost import cost
from facetrial.runtime.checkpoints import save_checkpoint
from facetrial.sweep.defenses.files import write_defense_table
from facetrial.sweep.defenses.section import defenses_chart, defenses_section
from facetrial.sweep.defenses.table import build_defense_table, build_defense_tables
from facetrial.sweep.gather import gather_sweep
from facetrial.sweep.report import headline, runs_chart
from facetrial.sweep.runs import Run
from facetrial.trial.certificate import Certificate
from tests.helpers.coloured_dataset import dataset
from tests.helpers.made_up import CHECKS, about, made_up_rows
from tests.helpers.sweeps import add_overrides

PEOPLE = {"A": 20, "B": 30}
COSTS = {"train_seconds": 120.0, "answers_per_second": 50.0, "pictures_timed": 16}


NOT_ADAPTIVE = {"adaptive": {"passed": False, "detail": "the attack knows nothing of jpeg"}}


def trial(attack, defense, left, flagged=False, naive=False, **changes):
    rows = made_up_rows(PEOPLE, attacked=left)
    if flagged:
        for version, shift in (("clean", -1.0), ("attacked", 1.0), ("8bit", 1.0)):
            rows[f"suspicion_{version}"] = np.random.default_rng(0).normal(shift, 1.0, len(rows))
            rows[f"flagged_{version}"] = rows[f"suspicion_{version}"] > 1
    told = about(attack=attack, defense=defense, cost=COSTS, **changes)
    checks = CHECKS | (NOT_ADAPTIVE if naive else {})
    summary = summarise(rows, told, {"A": 60, "B": 90}, checks) | {"attack_parts": {"adaptive": not naive}}
    if flagged:
        summary["flagging"] = flagging_summary(rows, "dodging")
    return summary


@pytest.fixture
def summaries():
    return [
        trial("pgd", "jpeg", 0.3),
        trial("pgd (adaptive=false)", "jpeg", 0.9, naive=True),
        trial("pgd", "none", 0.2),
        trial("random", "none", 0.95),
        trial("pgd", "squeezing", 0.2, flagged=True),
    ]


def test_naive_and_adaptive_share_a_cell(summaries):
    table = build_defense_table(summaries)
    assert table.defenses == ["none", "jpeg", "squeezing"]
    assert table.attacks == ["pgd", "random"]
    cell = table.cells["jpeg", "pgd"]
    assert cell.adaptive == summaries[0]["robust_accuracy"]
    assert cell.naive == summaries[1]["robust_accuracy"]
    assert table.cells["none", "pgd"].naive is None
    assert ("jpeg", "random") not in table.cells


def sweep_of(*runs):
    """Runs of a sweep, from a summary and what each was started with."""
    return [Run(Path(str(number)), overrides, summary) for number, (summary, *overrides) in enumerate(runs)]


def test_an_attack_of_its_own_config_may_be_the_naive_one():
    summaries = [trial("pgd", "jpeg", 0.3), trial("naive_pgd", "jpeg", 0.9, naive=True)]
    table = build_defense_table(summaries)
    assert table.attacks == ["pgd"]
    assert table.cells["jpeg", "pgd"].adaptive == summaries[0]["robust_accuracy"]
    assert table.cells["jpeg", "pgd"].naive == summaries[1]["robust_accuracy"]
    summaries[1]["attack"] = (
        "my_attack"  # whatever it is called, it is not shown as one that knows the defence
    )
    assert build_defense_table(summaries).cells["jpeg", "my_attack"].adaptive is None


def test_settings_of_a_defence_are_lines_of_their_own():
    runs = sweep_of(
        *((trial("pgd", "jpeg", left), "defense=jpeg", f"defense.jpeg.quality={quality}")
          for quality, left in ((50, 0.3), (75, 0.5))),
        *((trial("pgd", "adv", left), f"attack@defense.adv.attack={attack}")
          for attack, left in (("random", 0.6), ("landmarks", 0.7))),
    )  # fmt: skip
    [table] = build_defense_tables(runs).values()
    assert table.defenses == [
        "jpeg (quality=50)", "jpeg (quality=75)", "adv (attack=random)", "adv (attack=landmarks)",
    ]  # fmt: skip
    found = [table.cells[name, "pgd"].adaptive for name in table.defenses]
    assert found == [run.summary["robust_accuracy"] for run in runs]


@pytest.mark.parametrize("told", ["by overrides", "by summaries"])
def test_seeds_have_tables_of_their_own(told):
    runs = sweep_of(
        *((trial("pgd", defense, 0.3 + 0.2 * seed, seed=seed),
           *((f"defense={defense}", f"seed={seed}", "data=lfw") if told == "by overrides" else ()))
          for seed in (0, 1) for defense in ("none", "jpeg"))
    )  # fmt: skip
    tables = build_defense_tables(runs)
    assert list(tables) == ["seed=0", "seed=1"]
    for seed, table in enumerate(tables.values()):
        assert table.defenses == ["none", "jpeg"]
        assert [summary["seed"] for summary in table.trials] == [seed, seed]


def test_no_run_is_left_out():
    runs = sweep_of(
        (trial("pgd", "jpeg", 0.3), "sizes.eps=2"),
        (trial("pgd", "jpeg", 0.2), "sizes.eps=4"),
        (trial("pgd", "jpeg", 0.1), "sizes.eps=4"),
    )
    tables = build_defense_tables([*runs, Run(Path("3"), (), None)])
    assert list(tables) == ["sizes.eps=2", "sizes.eps=4", "sizes.eps=4 repeat 2"]
    left = [table.cells["jpeg", "pgd"].adaptive for table in tables.values()]
    assert left == [run.summary["robust_accuracy"] for run in runs]
    with pytest.raises(FacetrialError, match="two trials of attack=pgd"):
        build_defense_table([run.summary for run in runs])
    assert build_defense_tables([]) == {}


def test_a_sweep_over_seeds_writes_each_table(tmp_path):
    for seed in (0, 1):
        run = tmp_path / str(seed)
        add_overrides(run, "attack=pgd", "defense=jpeg", f"seed={seed}")
        write_json(trial("pgd", "jpeg", 0.3, seed=seed), run / "summary.json")
    written = {path.name for path in gather_sweep(tmp_path, defenses=True)}
    assert {
        f"defenses-seed={seed}.{kind}" for seed in (0, 1) for kind in ("md", "csv", "png", "svg")
    } <= written
    text = (tmp_path / "defenses-seed=1.md").read_text()
    assert "# Defences: seed=1" in text
    assert "(defenses-seed=1.png)" in text
    page = (tmp_path / "report.html").read_text()
    assert page.count("<h2>Defences: seed=") == 2


def test_naive_figures_are_spoken_of_where_there_are_some(summaries, tmp_path):
    for shown, spoken in ((summaries, True), ([summaries[0], *summaries[2:]], False)):
        table = build_defense_table(shown)
        write_defense_table(table, tmp_path)
        section = defenses_section(table)
        for text in ((tmp_path / "defenses.md").read_text(), section.note):
            assert ("what the defence hides" in text) == spoken
        assert ("Hollow" in section.charts[0].caption) == spoken


def test_a_naive_trial_is_not_trusted_for_that_alone(summaries):
    [said] = banners(summaries[1])
    assert "did not know the defence" in said
    further = {"checks": summaries[1]["checks"] | {"referee": {"passed": False, "detail": "out of budget"}}}
    assert "a check failed" in banners(summaries[1] | further)[0]
    assert "a check failed" in banners(summaries[1] | {"attack_parts": {"adaptive": True}})[0]
    chart = defenses_chart(build_defense_table(summaries))
    assert chart_figure(chart, summaries).get_suptitle() == "naive: not trusted"
    assert "a check failed" in chart_figure(chart, [*summaries, summaries[1] | further]).get_suptitle()


def test_headlines_and_charts_count_flags(summaries):
    flagging = summaries[-1]["flagging"]
    left, kept = (percent(flagging[key]["value"]) for key in ("stands", "kept"))
    said = (
        f"{left} of the faces are still recognised or flagged; clean, {kept} are recognised and not flagged."
    )
    assert said in trial_headline(summaries[-1])
    assert f"{left} of the faces recognised or flagged; clean, {kept} are" in headline(summaries[-1:], 1)
    assert "flagged" not in headline(summaries[:1], 1) + trial_headline(summaries[0])
    chart = runs_chart(sweep_of((summaries[0],), (summaries[-1],)))
    clean, attacked = [series.y for series in chart.series]
    assert attacked == [summaries[0]["robust_accuracy"]["value"], flagging["stands"]["value"]]
    assert clean[1] == flagging["kept"]["value"]
    assert "counts as recognised" in chart.caption
    assert "flag" not in runs_chart(sweep_of((summaries[0],))).caption


def test_where_pictures_are_flagged_flags_count(summaries):
    table, flagging = build_defense_table(summaries), summaries[-1]["flagging"]
    assert table.cells["squeezing", "pgd"].adaptive == flagging["stands"]
    assert flagging["stands"]["value"] > summaries[-1]["robust_accuracy"]["value"]
    clean = summaries[2]["clean_accuracy"]["value"]
    assert table.lost("squeezing") == pytest.approx(clean - flagging["kept"]["value"])


def test_what_is_lost_needs_the_recogniser_without(summaries):
    assert build_defense_table(summaries).lost("jpeg") == 0.0
    assert build_defense_table(summaries[:2]).lost("jpeg") is None


def test_files_hold_every_figure(summaries, tmp_path):
    written = write_defense_table(build_defense_table(summaries), tmp_path)
    assert {path.suffix for path in written} == {".md", ".csv", ".png", ".svg"}
    lines = pd.read_csv(tmp_path / "defenses.csv").set_index(["defense", "attack"])
    assert len(lines) == 4
    assert lines.loc[("jpeg", "pgd"), "naive"] == summaries[1]["robust_accuracy"]["value"]
    assert lines.loc[("jpeg", "pgd"), "adaptive_low"] == summaries[0]["robust_accuracy"]["low"]
    assert (lines["answers_per_second"] == 50).all()
    text = (tmp_path / "defenses.md").read_text()
    naive = 100 * summaries[1]["robust_accuracy"]["value"]
    assert f"(naive {naive:.1f} %)" in text
    assert "counts as recognised" in text
    write_defense_table(build_defense_table(summaries[:4]), tmp_path)
    assert "counts as recognised" not in (tmp_path / "defenses.md").read_text()


def test_the_page_shows_every_figure_of_the_table(summaries):
    section = defenses_section(build_defense_table(summaries))
    assert "counts as recognised" in section.note
    assert "counts as recognised" not in defenses_section(build_defense_table(summaries[:4])).note
    [table], [chart] = section.tables, section.charts
    assert {len(line) for line in table.lines} == {len(table.header)}
    shown = show_table(table)
    assert [column["numeric"] for column in shown["header"]] == [False] + [True] * 6
    jpeg = next(line for line in shown["lines"] if line[0]["text"] == "jpeg")
    left = summaries[0]["robust_accuracy"]
    naive = summaries[1]["robust_accuracy"]["value"]
    assert jpeg[3]["text"] == percent(left["value"])
    assert jpeg[3]["below"].endswith(f"n = {left['n']}, naive {percent(naive)}")
    assert jpeg[4]["text"] == "–"  # noqa: RUF001
    hollow = [series for series in chart.series if series.hollow]
    assert [list(series.y) for series in hollow] == [[naive]]
    assert hollow[0].tone == next(series.tone for series in chart.series if series.name == "pgd")


def test_a_detectors_figure_and_words(summaries):
    summary = summaries[-1]
    caught = f"{100 * summary['flagging']['caught']['value']:.1f} %"
    assert caught in flagging_sentence(summary["flagging"])
    assert caught in describe_flagging(summary["flagging"])
    [chart] = flagging_section(summary).charts
    assert chart.percent
    assert chart.percent_x
    stood = chart.series[-1]
    assert [stood.x, stood.y] == [[summary["flagging"][key]["value"]] for key in ("false_alarms", "caught")]
    assert flagging_section(summaries[0]) is None


def test_a_certificates_figure_and_words():
    rows = made_up_rows(PEOPLE, attacked=0.4)
    rows["certified_class"] = rows["identity"]
    rows["certified_radius"] = np.linspace(0, 0.7, len(rows))
    certified = certified_summary(rows, Certificate(100, 1000, 0.001), 0.25)
    for point in certified["points"]:
        assert point["value"] == (rows["certified_radius"] >= point["radius"]).mean()
    summary = summarise(rows, about(), {"A": 60, "B": 90}, CHECKS) | {"certified": certified}
    [series] = certified_chart(summary).series
    assert list(series.x) == [point["radius"] for point in certified["points"]]
    left = [{"size": size, "value": 0.5, "low": 0.4, "high": 0.6, "n": 9} for size in (0.1, 0.2)]
    chart = certified_chart(summary | {"certified": certified | {"left": left}})
    assert list(chart.series[1].x) == [0.1, 0.2]
    assert "without a wrong name; there an abstention is none" in chart.caption
    assert "1000 (alpha = 0.001)" in certified_section(summary).charts[0].caption
    assert "At L2 radius 0.5" in certified_sentence(certified)
    assert all(f"{point['radius']:.3g}: " in describe_certified(certified) for point in certified["points"])


def test_cost_is_what_the_checkpoint_says_and_the_clock(tmp_path):
    class Slow(nn.Module):
        """Takes a hundredth of a second a picture."""

        def __init__(self):
            super().__init__()
            self.place = nn.Parameter(torch.zeros(1), requires_grad=False)

        def forward(self, images):
            time.sleep(0.01 * len(images))
            return torch.zeros(len(images), 2)

    path = tmp_path / "model.ckpt"
    save_checkpoint(path, "recognizer", {}, {}, seconds=12.5)
    found = cost(Slow(), dataset(40, seed=0), path, "recognizer")
    assert found["train_seconds"] == 12.5
    assert 0 < found["answers_per_second"] <= 100
    assert found["pictures_timed"] > 4


def test_what_a_detector_asks_of_the_network_is_part_of_its_cost(tmp_path):
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.place = nn.Parameter(torch.zeros(1))
            self.asked = 0

        def forward(self, images):
            self.asked += len(images)
            time.sleep(0.3)
            return nn.functional.normalize(images.flatten(1)[:, :8] + 0.1)

    embedder = Counts()
    victim = Victim(embedder, GalleryHead(torch.eye(3, 8)), ["A", "B", "C"])
    faces, path = dataset(4, seed=0), tmp_path / "model.ckpt"
    save_checkpoint(path, "recognizer", {}, {}, seconds=1.0)
    asked = []
    for standing in (victim, defended(victim, [FeatureSqueezing({"depth": BitDepth(4)})], faces)):
        embedder.asked = 0
        cost(standing, faces, path, "recognizer")
        asked.append(embedder.asked)
    assert asked == [2 * 4, 2 * 2 * 4]
