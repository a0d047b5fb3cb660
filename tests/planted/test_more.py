"""Faults of searches, curves, rows, masks, figures and certificates: who must find each, and what its words name."""

import copy
import importlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.best_of import BestOf
from facetrial.attacks.black_box.few_pixels import FewPixels
from facetrial.attacks.black_box.hop_skip_jump import HopSkipJump
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.area import Area
from facetrial.attacks.budgets.l0 import L0
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.fitted.universal import Universal
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.result import MethodResult
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.base import Evidence
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.blur import MedianBlur
from facetrial.defenses.build import defended
from facetrial.defenses.smoothing import Smoothed, Smoothing
from facetrial.defenses.transform import RandomTransform
from facetrial.metrics import summary as summaries
from facetrial.metrics.flagging import flagging_summary
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Discs, Everywhere, Scattered
from tests.helpers.evidence import NAMES, Rounds, behind, faces, pgd, rows_of, sound
from tests.helpers.victims import Network
from tests.planted.trials import (
    Faults,
    Front,
    certified,
    counted_anew,
    default_checks,
    rows_with,
    trial,
    with_landmarks,
)

curves = importlib.import_module(
    "facetrial.metrics.security_curve"
)  # the package has a function of that name
FAULTS = Faults()
fault = FAULTS.fault


class Backwards(Margin):
    def __call__(self, scores, criterion):
        return -super().__call__(scores, criterion)


def of(method, budget=None, victim=None, surrogate=None, **changes) -> Evidence:
    attack = Attack(Everywhere(), budget or Linf(24), method, surrogate=surrogate)
    return trial(victim, attack, budget_settings=None, **changes)


def untrained() -> Victim:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return Victim(Network(6).eval(), nn.Identity(), NAMES).freeze()


# Searches that do no more than noise


@fault("better_than_noise", "sign of its loss")
def one_step_of_the_wrong_sign(monkeypatch):
    return of(PGD(Backwards(), 1, 1.0, random_start=False))


@fault("better_than_noise", "sign of its loss")
def squares_that_keep_the_worse(monkeypatch):
    return of(Square(Backwards(), 200))


@fault("better_than_noise", "how much of its queries")
def squares_that_stop_after_their_start(monkeypatch):
    monkeypatch.setattr(Square, "_going", lambda self, best, rows, limit: rows[:0])
    return of(Square(Margin(), 300))


@fault("better_than_noise", "exceptions that are swallowed")
def pixels_that_are_not_painted(monkeypatch):
    class Clean(FewPixels):
        def __call__(self, problem):
            super().__call__(problem)
            return MethodResult(problem.images.clone(), torch.ones(len(problem), dtype=torch.bool))

    return of(Clean(Margin(), 10, 2), L0(40))


@fault("better_than_noise", "what it takes over")
def the_mildest_of_many_draws(monkeypatch):
    class Mildest(BestOf):
        def __call__(self, problem):
            draws = [problem.select(torch.arange(len(problem))) for _ in range(self.n)]
            for number, part in enumerate(draws):
                part.draws = part.draws.restarted(number)
            pictures = torch.stack([self.draw.fill(part)[0] for part in draws])
            rows = torch.arange(len(problem))
            margins = torch.stack(
                [problem.criterion.adversarial_margin(problem.ask(rows, one)) for one in pictures]
            )
            return MethodResult(pictures[margins.argmin(0), rows], torch.ones(len(rows), dtype=torch.bool))

    return of(Mildest(Gaussian(), 10), RMS(0.4))


@fault("better_than_noise", "by what the surrogate says")
def a_transfer_of_the_wrong_sign(monkeypatch):
    method = PGD(Backwards(), 10, 0.1, random_start=False, early_stop=False)
    return of(method, surrogate=Surrogate(sound()))


@fault("better_than_noise", "its step")
def a_transfer_whose_steps_are_next_to_nothing(monkeypatch):
    method = PGD(Margin(), 10, 0.0001, random_start=False, early_stop=False)
    return of(method, surrogate=Surrogate(sound()))


@fault("recognises", "the surrogate recognises.* weights")
def a_surrogate_whose_weights_were_not_loaded(monkeypatch):
    method = PGD(Margin(), 10, 0.1, random_start=False, early_stop=False)
    return of(method, surrogate=Surrogate(untrained()))


def fitted(method: Universal, changed=None) -> Evidence:
    attack = Attack(Everywhere(), Linf(24), method)
    attack.fit(sound(), faces(48, seed=1), 0)
    if changed is not None:
        method.fitted["patterns"] = changed(method.fitted["patterns"])
    return trial(attack=attack, budget_settings=None)


@fault("better_than_noise", "sign of its loss")
def one_change_for_all_of_the_wrong_sign(monkeypatch):
    return fitted(Universal(Backwards(), "all", 10, 0.25))


@fault("better_than_noise", "fitted on this very recogniser")
def the_change_of_another_person(monkeypatch):
    return fitted(Universal(Margin(), "person", 10, 0.25), changed=lambda patterns: patterns.roll(1, 0))


@fault("better_than_noise", "noise of 80% of the smallest change")
def hop_skip_jump_stays_at_its_start(monkeypatch):
    monkeypatch.setattr(
        HopSkipJump, "_iterate", lambda self, problem, geometry, rows, changes, limit: changes
    )
    return of(HopSkipJump(200), L2(8.0))


@fault("reference", "smallest changes are not what the victim withstands")
def the_first_change_that_fools_is_told_for_the_smallest(monkeypatch):
    class First(FMN):
        def __call__(self, problem):
            found = PGD(Margin(), 20, 0.25)(problem)
            return MethodResult(
                found.images, found.reached, problem.budget.measure(found.images - problem.images)
            )

    return of(First(20), Linf(48))


# Slopes


@fault("true_slopes", "on the attack's way")
def slopes_are_true_of_clean_pictures_alone(monkeypatch):
    def changed(images):
        seen = images * 1.0
        if seen.requires_grad:
            values = 255 * images.detach()
            seen.register_hook(
                lambda slope: torch.where((values - values.round()).abs() > 0.05, -slope, slope)
            )
        return seen

    return trial(behind(Front(changed)), pgd(eps=12), budget_settings=None)


@fault("true_slopes", "differences of what it draws.*detach")
def a_defence_that_draws_and_whose_slope_is_detached(monkeypatch):
    class Own(RandomTransform):
        def transform(self, images, draws):
            noisy = images + 0.02 * draws.normal(images.shape[1:], "own")
            return 0.999 * Rounds(10)(noisy).clamp(0, 1) + 0.001 * images

    victim = defended(sound(), [Own(seed=0, samples=4)])
    return trial(victim, in_front=["own"], defenses=["own"])


# Rows and names


@fault("names", "Person 0 and Person 1 and Person 2")
def three_names_go_round(monkeypatch):
    test = faces()
    return trial(test=replace(test, identities=np.array([1, 2, 0, 3, 4, 5])[test.identities]))


@fault("one_row_a_picture", "there twice, under two files")
def every_picture_is_there_twice(monkeypatch):
    half, whole = faces(12), faces()
    twice = np.concatenate([half.identities] * 2)
    return trial(test=replace(whole, pixels=np.concatenate([half.pixels] * 2), identities=twice))


@fault("clean_verdicts", "pictures in another order")
def clean_verdicts_of_another_picture(monkeypatch):
    found = trial()
    rolled = {
        name: np.roll(found.rows[name], 1) for name in ("predicted_clean", "margin_clean", "rank_clean")
    }
    return rows_with(found, **rolled, correct_clean=rolled["predicted_clean"] == found.rows["identity"])


@fault("clean_verdicts", "another victim")
def clean_verdicts_of_an_older_victim(monkeypatch):
    found = trial()
    older = rows_of(behind(Front(lambda images: 0.5 * images + 0.1)), pgd(), found.faces)
    return rows_with(found, **{name: older[name] for name in older if name.endswith("_clean")})


@fault("clean_verdicts", "another victim")
def an_abstention_counts_as_right(monkeypatch):
    victim = defended(sound(), [Smoothing(0.45, 24, 1e-6, 4, None, 0)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Smoothed, "abstains", lambda self, scores: torch.zeros(len(scores), dtype=torch.bool))
        return of(PGD(Margin(), 2, 0.25), L2(0.5), victim, in_front=["smoothing"], defenses=["smoothing"])


@fault("deterministic", "another margin than their row says")
def half_of_the_noisy_pictures_are_judged_clean(monkeypatch):
    found = of(Gaussian(), RMS(0.45))
    rows, half = found.rows.copy(), np.arange(len(found.rows)) >= 12
    for name in ("predicted", "correct", "margin", "rank"):
        for version in ("attacked", "8bit"):
            rows.loc[half, f"{name}_{version}"] = rows.loc[half, f"{name}_clean"]
    return replace(found, rows=rows)


@fault("trained_apart", "on which thresholds are set")
def thresholds_are_set_on_the_pictures_of_the_trial(monkeypatch):
    return trial(validation_faces=faces())


# Budgets, masks, defences, certificates


def of_more_pixels(monkeypatch, budget, settings) -> Evidence:
    def fill(self, problem):
        order = problem.draws.uniform(problem.images.shape[2:], "order")[:, None]
        return problem.budget.fill_in_order(problem.images, 1 - problem.images.round(), order)

    method = type("Inverted", (Gaussian,), {"fill": fill})()
    return trial(attack=Attack(Everywhere(), budget, method), budget_settings=settings)


@fault("referee", "break the area budget of 0.1")
def twice_the_area(monkeypatch):
    monkeypatch.setattr(Area, "limit", property(lambda self: 2 * self.area))
    monkeypatch.setattr(Area, "places", lambda self, height, width: int(2 * self.area * height * width))
    return of_more_pixels(monkeypatch, Area(0.1), {"_target_": "facetrial.attacks.Area", "area": 0.1})


@fault("referee", "break the l0 budget of 5")
def three_times_the_pixels(monkeypatch):
    monkeypatch.setattr(L0, "limit", property(lambda self: 3.0 * self.pixels))
    monkeypatch.setattr(L0, "places", lambda self, height, width: 3 * self.pixels)
    return of_more_pixels(monkeypatch, L0(5), {"_target_": "facetrial.attacks.L0", "pixels": 5})


def of_mask(monkeypatch, changed, kind=Discs) -> None:
    mask = kind.__call__
    monkeypatch.setattr(kind, "__call__", lambda region, *rest: changed(mask, region, *rest))


def larger(factor: float):
    def changed(mask, region, *rest):
        other = copy.copy(region)
        other.radius = factor * region.radius
        return mask(other, *rest)

    return changed


@fault("region", "not where its settings say")
def discs_two_and_a_half_times_as_wide(monkeypatch):
    of_mask(monkeypatch, larger(2.5))
    return with_landmarks()


@fault("region", "not where its settings say")
def discs_of_less_than_half_the_width(monkeypatch):
    of_mask(monkeypatch, larger(0.4))
    return with_landmarks()


@fault("region", "not where its settings say")
def a_mask_that_is_three_pixels_off(monkeypatch):
    of_mask(monkeypatch, lambda mask, *rest: mask(*rest).roll((3, 3), (-2, -1)))
    return with_landmarks()


@fault("region", "not where its settings say")
def one_landmark_of_all(monkeypatch):
    centres = Discs.centres
    monkeypatch.setattr(Discs, "centres", lambda self, landmarks: centres(self, landmarks)[:, :1])
    return with_landmarks()


@fault("region", "0% the whole picture")
def everywhere_is_the_middle(monkeypatch):
    def changed(mask, *rest):
        found = mask(*rest)
        middle = torch.zeros_like(found)
        middle[..., 5:11, 5:11] = 1.0
        return found * middle

    of_mask(monkeypatch, changed, Everywhere)
    return trial(attack=pgd(eps=24), budget_settings=None)


@fault("region", "0% beside what they are the control of")
def the_control_lies_on_what_it_is_the_control_of(monkeypatch):
    of_mask(monkeypatch, lambda mask, region, *rest: region.reference(*rest), Scattered)
    found = with_landmarks()
    return replace(found, attack=replace_region(found.attack, Scattered(found.attack.region)))


def replace_region(attack: Attack, region) -> Attack:
    return Attack(region, attack.budget, attack.method)


@fault("region", "0% as large as their rows say")
def rows_of_another_region(monkeypatch):
    found = with_landmarks()
    return rows_with(found, region_area=1.0)


@fault("landmarks", "0% of a face of the picture's size")
def landmarks_of_a_picture_of_half_the_size(monkeypatch):
    found = with_landmarks()
    found.faces.landmarks = 0.5 * found.faces.landmarks
    found.faces.five_points = np.nan * found.faces.five_points
    return found


@fault("adaptive", "BitDepth in the place of MedianBlur")
def another_defence_stands_there(monkeypatch):
    victim = defended(sound(), [BitDepth(6)])
    return trial(victim, in_front=["median"], defenses=["median"], fronts=(MedianBlur(3),))


@fault("adaptive", "BitDepth with other settings")
def the_defence_has_other_settings(monkeypatch):
    victim = defended(sound(), [BitDepth(7)])
    return trial(victim, in_front=["bit_depth"], defenses=["bit_depth"], fronts=(BitDepth(4),))


@fault("certificates", "can show.* at most.*units of the noise")
def radii_of_twice_the_noise(monkeypatch):
    return certified(lambda rows: rows.assign(certified_radius=2 * rows["certified_radius"]))


@fault("certificates", "less often than the certified radius claims.*whose pictures were certified")
def certificates_of_other_pictures(monkeypatch):
    def changed(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(certified_class=np.roll(rows["certified_class"], 1), certified_radius=0.2)

    return certified(changed, known=False)


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_found_and_its_cause_is_named(name, monkeypatch):
    FAULTS.assert_found(name, monkeypatch)


# Figures beside the headline's


def intervals(monkeypatch, changed) -> None:
    rate = summaries.rate_over_people
    monkeypatch.setattr(summaries, "rate_over_people", lambda hits, people: changed(rate, hits, people))


def hundredfold(rate, hits, people):
    many = rate(np.tile(hits, 100), np.tile(people, 100))
    return replace(rate(hits, people), low=many.low, high=many.high)


def half_widths(rate, hits, people):
    found = rate(hits, people)
    return replace(found, low=found.value - found.low, high=found.high - found.value)


@pytest.mark.parametrize("changed", [hundredfold, half_widths])
def test_an_interval_that_is_too_narrow_or_of_something_else_is_told(changed, monkeypatch, tmp_path):
    intervals(monkeypatch, changed)
    outcome = counted_anew(tmp_path, trial())
    assert outcome.passed is False
    assert "and its interval from" in outcome.detail


def test_figures_of_people_that_are_exchanged_are_told(monkeypatch, tmp_path):
    person = summaries.Person
    monkeypatch.setattr(
        summaries, "Person", lambda **of: person(**{**of, "clean": of["robust"], "robust": of["clean"]})
    )
    outcome = counted_anew(tmp_path, trial())
    assert outcome.passed is False
    assert "Person 0's clean accuracy says" in outcome.detail


def curve_of(rows):
    return curves.security_curve(rows, "linf", 64 / 255, "dodging")


def test_a_curve_in_another_unit_or_of_some_pictures_is_told(monkeypatch, tmp_path):
    found = of(FMN(20), Linf(64))
    assert counted_anew(tmp_path, found, curve=curve_of(found.rows)).passed
    missed = found.rows.assign(
        correct_clean=np.arange(24) > 9,
        predicted_clean=found.rows["predicted_clean"].where(np.arange(24) > 9, "x"),
    )
    some = counted_anew(
        tmp_path, replace(found, rows=missed), curve=curve_of(missed[missed["correct_clean"]])
    )
    monkeypatch.setattr(curves, "_UNITS", {"linf": 127.5})
    unit = counted_anew(tmp_path, found, curve=curve_of(found.rows))
    for outcome in (some, unit):
        assert outcome.passed is False
        assert "curve" in outcome.detail


def flagged(turned: bool = False) -> Evidence:
    found, drawn = trial(), np.random.default_rng(0)
    for version in ("clean", "attacked", "8bit"):
        suspicion = drawn.uniform(0.5, 1.4, len(found.rows))
        found = rows_with(
            found, **{f"suspicion_{version}": suspicion, f"flagged_{version}": (suspicion > 1) ^ turned}
        )
    return found


def test_flags_that_are_turned_round_or_left_out_are_told(monkeypatch, tmp_path):
    sound_one, turned = flagged(), flagged(turned=True)
    told = flagging_summary(sound_one.rows, "dodging")
    assert counted_anew(tmp_path, sound_one, flagging=told).passed
    outcome = counted_anew(tmp_path, turned, flagging=flagging_summary(turned.rows, "dodging"))
    assert outcome.passed is False
    assert "is flagged clean and its suspicion is" in outcome.detail
    outcome = counted_anew(tmp_path, sound_one, flagging=replace(told, stands=told.caught))
    assert outcome.passed is False
    assert "flagging.stands says" in outcome.detail


# Sound trials of the same kinds

_NEW = (
    "one_row_a_picture", "better_than_noise", "recognises", "clean_verdicts", "deterministic", "names", "region",
    "certificates", "true_slopes", "reference", "adaptive",
)  # fmt: skip


@pytest.mark.parametrize(
    "found",
    [
        lambda: of(PGD(Margin(), 1, 1.0, random_start=False)),
        lambda: of(Square(Margin(), 200)),
        lambda: of(Square(Margin(), 200), Linf(2)),
        lambda: of(BestOf(Gaussian(), 10), RMS(0.1)),
        lambda: of(FewPixels(Margin(), 20, 5), L0(3)),
        lambda: of(HopSkipJump(400), L2(8.0)),
        lambda: of(FMN(50), L2(8.0)),
        lambda: of(PGD(Margin(), 10, 0.1, early_stop=False), surrogate=Surrogate(sound())),
        lambda: fitted(Universal(Margin(), "all", 10, 0.25)),
        lambda: fitted(Universal(Margin(), "person", 10, 0.25)),
        certified,
        with_landmarks,
    ],
)
def test_a_sound_one_passes(found):
    evidence = found()
    of_masks = evidence.faces.pixels.shape[1] > 16  # its pictures are larger than those that its victim knows
    for name in ("region", "landmarks") if of_masks else _NEW:
        outcome = default_checks()[name](evidence)
        assert outcome is None or outcome.passed is not False, (name, outcome)
