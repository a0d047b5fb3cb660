import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from facetrial.core.errors import FacetrialError
from facetrial.data.splits import kept_of_each
from facetrial.data.synthetic import SyntheticFaces
from facetrial.metrics.class_size import class_size_summary
from facetrial.metrics.summary import summarise
from facetrial.report.sections.class_size import class_size_section
from facetrial.statistics.logistic import logistic_fits
from facetrial.sweep.class_size import class_size_sweep_section
from facetrial.sweep.runs import Run
from facetrial.trial.rows import write_rows
from tests.helpers.made_up import CHECKS, about, made_up_rows


def people_of(generator, slope, count=60):
    """Summaries of people whose log-odds of being recognised grow by `slope` with each doubling."""
    made = {}
    for number in range(count):
        n_train = int(2 ** generator.uniform(2, 8))
        chance = 1 / (1 + np.exp(-slope * (np.log2(n_train) - 5)))
        made[f"P{number}"] = {
            "n_train": n_train,
            "robust": {"n": 20, "value": generator.binomial(20, chance) / 20},
        }
    return made


def test_fits_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    x, totals = generator.normal(size=30), generator.integers(1, 20, 30)
    hits = generator.binomial(totals, 1 / (1 + np.exp(-0.3 - 0.8 * x)))
    weights = np.stack([np.ones(30), generator.integers(0, 3, 30)])
    for row, (intercept, slope) in zip(weights, logistic_fits(x, hits, totals, weights), strict=True):
        twice = np.concatenate([x, x])[:, None]
        target = np.repeat([1, 0], 30)
        count = np.concatenate([row * hits, row * (totals - hits)])
        reference = LogisticRegression(C=100.0, tol=1e-10, max_iter=1000).fit(
            twice, target, sample_weight=count
        )
        # scikit-learn does not shrink the intercept; a weight of 0.01 on it hardly does.
        assert slope == pytest.approx(reference.coef_[0, 0], abs=2e-3)
        assert intercept == pytest.approx(reference.intercept_[0], abs=2e-3)


def test_its_interval_holds_the_truth():
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(60):
        factor = class_size_summary(people_of(generator, 0.5))["doubling"]
        held += factor["low"] <= np.exp(0.5) <= factor["high"]
    assert held >= 53  # of 57 expected; less than one time in 50 by chance


def test_the_sentence_says_what_the_interval_allows():
    generator = np.random.default_rng(2)
    for slope, said in ((0.6, "more often"), (-0.6, "less often"), (0.0, "do not decide")):
        people = people_of(generator, slope)
        section = class_size_section({"per_identity": people, "class_size": class_size_summary(people)})
        assert said in section.sentences[0]
        curve = section.charts[0].series[1]
        assert all(low <= y <= high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True))


def test_too_few_people_or_sizes_have_no_curve():
    people = people_of(np.random.default_rng(3), 0.5, 3)
    assert class_size_summary(dict(list(people.items())[:2])) is None
    assert class_size_summary({name: one | {"n_train": 9} for name, one in people.items()}) is None
    assert class_size_section({"class_size": None, "per_identity": {}}) is None


class TestCappedPictures:
    def test_smaller_sets_are_part_of_larger_ones_and_others_stay(self):
        identities = np.repeat([0, 1, 2], [30, 8, 12])
        sets = {}
        for most in (3, 10):
            kept, capped = kept_of_each(identities, most, 10, split_seed=0)
            assert capped.tolist() == [0, 2]
            assert np.bincount(identities[kept]).tolist() == [most, 8, most]
            sets[most] = set(kept.tolist())
        assert sets[3] < sets[10]

    def test_test_pictures_stay_the_same(self):
        small = {"people": 3, "pictures": 12, "pictures_min": 12, "size": 32}
        whole, few = SyntheticFaces(**small), SyntheticFaces(**small, train_pictures=2)
        for faces in (whole, few):
            faces.setup()
        assert few.test_faces.files == whole.test_faces.files
        assert few.validation_faces.files == whole.validation_faces.files
        assert np.bincount(few.train_faces.identities).tolist() == [2, 2, 2]
        assert set(few.train_faces.files) < set(whole.train_faces.files)
        assert few.capped == tuple(few.names)
        assert whole.capped == ()

    def test_nobody_with_so_many_is_an_error(self):
        faces = SyntheticFaces(
            people=3, pictures=12, pictures_min=12, size=32, train_pictures=2, train_pictures_from=99
        )
        with pytest.raises(FacetrialError, match=r"no person has data\.train_pictures_from=99"):
            faces.setup()
        with pytest.raises(FacetrialError, match=r"data\.train_pictures must be at least 1"):
            SyntheticFaces(train_pictures=0)


def test_the_same_people_at_several_sizes(tmp_path):
    people = {"Ann_A": 40, "Bob": 30, "Cid": 30, "Dee": 30}
    runs = []
    for cap, left in ((5, 0.4), (20, 0.6), (100, 0.9)):
        rows = made_up_rows(people, left, seed=cap)
        rows.loc[:1, "status"] = "not_attackable" if cap == 5 else "attacked"
        n_train = {name: 7 + place for place, name in enumerate(people)}
        summary = summarise(rows, about(attack="random"), n_train, CHECKS)
        summary["class_size"] = class_size_summary(summary["per_identity"], cap, ("Ann_A", "Bob"))
        folder = tmp_path / str(cap)
        folder.mkdir()
        write_rows(rows, folder / "verdicts.csv")
        runs.append(Run(folder, (), summary))
    section = class_size_sweep_section(runs[::-1])
    assert "the number of training pictures itself decides" in section.sentences[0]
    assert "the same 2 people" in section.sentences[0]
    assert "Ann A, who has most of them" in section.sentences[0]
    [table] = section.tables
    assert list(table.header) == ["person", *(f"at most {cap} pictures" for cap in (5, 20, 100))]
    assert [line[0] for line in table.lines] == ["all of them, clean", "all of them", "Ann_A", "Bob"]
    assert table.lines[0][1]["value"] > table.lines[1][1]["value"]
    assert table.lines[1][1]["n"] == 68  # two could not be attacked in one of the trials
    assert class_size_sweep_section(runs[:1]) is None
