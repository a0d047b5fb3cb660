"""Which pictures say most, and that a trial keeps these and little more, in whatever batches and processes."""

import numpy as np
import pandas as pd
import pytest
import torch

from facetrial.trial.shards import Shards
from facetrial.trial.showcase_cases import KeptCases, choose_cases, kept_pictures
from tests.helpers.cases import PEOPLE, case_rows
from tests.helpers.made_up import made_up_rows


@pytest.fixture
def rows():
    return case_rows()


def kept_on_disk(shards, rows):
    return {file for file in rows["file"] if shards.read_picture(file) is not None}


def test_cases_are_the_ends_of_the_margins(rows):
    chosen = choose_cases(rows, each=3)
    fell = rows[rows["correct_clean"] & ~rows["correct_attacked"]].sort_values("margin_attacked")
    stood = rows[rows["correct_clean"] & rows["correct_attacked"]].sort_values("margin_attacked")
    assert chosen["worst"] == fell["file"].tolist()[:3]
    assert chosen["just_fooled"] == fell["file"].tolist()[:-4:-1]
    assert chosen["just_robust"] == stood["file"].tolist()[:3]


def test_wrong_when_clean_and_not_attackable_are_no_cases(rows):
    rows.loc[0, ["correct_clean", "correct_attacked", "margin_attacked"]] = [False, False, -9.0]
    rows.loc[1, ["correct_clean", "correct_attacked", "margin_attacked"]] = [True, False, -9.0]
    rows.loc[1, "status"] = "not_attackable"
    chosen = {file for files in choose_cases(rows).values() for file in files}
    assert not chosen & set(rows["file"][:2])


def test_a_picture_is_shown_once(rows):
    rows = rows[rows["correct_clean"] & ~rows["correct_attacked"]].head(5)
    chosen = choose_cases(rows)
    assert len(chosen["worst"]) == 4
    assert len(chosen["just_fooled"]) == 1
    assert not set(chosen["worst"]) & set(chosen["just_fooled"])


def test_under_impersonation_success_is_being_taken_for_the_target(rows):
    rows["target"] = np.where(rows["identity"] == "Ann", "Bob", "Ann")
    rows.loc[3, ["correct_clean", "predicted_clean", "predicted_attacked"]] = [True, "Ann", "Bob"]
    rows.loc[3, "margin_attacked"] = -9.0
    assert choose_cases(rows)["worst"][0] == rows["file"][3]
    rows.loc[3, "predicted_attacked"] = "Cid"
    assert rows["file"][3] not in choose_cases(rows)["worst"]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("batch_size", [1, 7, 60])
def test_a_trial_keeps_what_all_its_rows_ask_for_and_little_more(rows, tmp_path, processes, batch_size):
    shards, always = Shards(tmp_path), {rows["file"][5]}
    images = torch.arange(len(rows), dtype=torch.float32).reshape(-1, 1, 1, 1).expand(-1, 3, 2, 2) / 100
    for rank in range(processes):
        cases = KeptCases(shards, always)
        own = list(range(rank, len(rows), processes))
        for start in range(0, len(own), batch_size):
            batch = own[start : start + batch_size]
            cases.keep(rows.iloc[batch].reset_index(drop=True), images[batch], images[batch] + 0.1)
            cases.forget()
            assert len(kept_on_disk(shards, rows)) <= 12 * (rank + 1) + 1
    wanted = {file for files in choose_cases(rows).values() for file in files} | always
    assert wanted <= kept_on_disk(shards, rows)
    pictures = kept_pictures(shards, rows, always)
    assert set(pictures) == wanted == kept_on_disk(shards, rows)
    for file, (clean, attacked) in pictures.items():
        row = rows.index[rows["file"] == file][0]
        assert (clean == images[row].numpy()).all()
        assert (attacked == (images[row] + 0.1).numpy()).all()


def test_a_picture_is_there_before_its_row_and_another_goes_only_after(rows, tmp_path):
    shards, cases = Shards(tmp_path), KeptCases(Shards(tmp_path), set())
    fell = rows[rows["correct_clean"] & ~rows["correct_attacked"]].sort_values("margin_attacked")
    image = torch.zeros(1, 3, 2, 2)
    for file in fell["file"][::-1]:
        cases.keep(fell[fell["file"] == file].reset_index(drop=True), image, image)
        before = kept_on_disk(shards, rows)
        assert file in before
        cases.forget()
        assert kept_on_disk(shards, rows) <= before
    assert len(kept_on_disk(shards, rows)) == 8


def test_pictures_of_other_rows_stay(rows, tmp_path):
    shards, cases = Shards(tmp_path), KeptCases(Shards(tmp_path), set(rows["file"]))
    images = torch.zeros(len(rows), 3, 2, 2)
    cases.keep(rows, images, images)
    kept_pictures(shards, rows.head(30), set())
    left = kept_on_disk(shards, rows)
    assert set(rows["file"][30:]) <= left
    assert left - set(rows["file"][30:]) == {f for fs in choose_cases(rows.head(30)).values() for f in fs}


def test_choosing_needs_no_rows():
    rows = made_up_rows(PEOPLE, attacked=0.5)
    assert choose_cases(pd.DataFrame(rows.head(0))) == {"worst": [], "just_fooled": [], "just_robust": []}
