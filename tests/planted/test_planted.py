"""Faults planted one at a time, in ten kinds: the default checks, or those named, must find them, and say which."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter, ImageOps
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2, RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.attacks.result import MethodResult
from facetrial.attacks.surrogate import Surrogate
from facetrial.checks.reference.check import ReferenceAttack
from facetrial.checks.stronger_attacks import MoreStepsDoNotHelp
from facetrial.core.errors import FacetrialError
from facetrial.defenses.bit_depth import BitDepth
from facetrial.defenses.build import defended
from facetrial.defenses.resize_pad import RandomResizePad
from facetrial.faces.landmark_names import FLIP
from facetrial.metrics import summary as summaries
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Discs, Everywhere
from facetrial.runtime import plan as plans
from facetrial.runtime.checkpoints import save_checkpoint
from tests.helpers.evidence import NAMES, Rounds, behind, faces, pgd, rows_of, sound
from tests.helpers.sent import drawn_faces
from tests.helpers.tiny import tiny_plan
from tests.helpers.victims import trained
from tests.planted.trials import EPS, Front, failed, figures, rows_with, trial, with_landmarks

Planted = Callable[[pytest.MonkeyPatch, object], list[str]]
FAULTS: dict[str, tuple[str, set[str], Planted]] = {}


def fault(kind: str, *caught_by: str) -> Callable[[Planted], Planted]:
    """Enters a fault: its kind, and the checks that must be among those that fail; none: no check finds it yet."""

    def enter(planted: Planted) -> Planted:
        FAULTS[planted.__name__] = (kind, set(caught_by), planted)
        return planted

    return enter


def slope(change) -> Front:
    """Lets pictures through, and changes what slopes come back."""

    def through(images):
        seen = images * 1.0
        if seen.requires_grad:
            seen.register_hook(change)
        return seen

    return Front(through)


# Masking


@fault("masking", "true_slopes")
def undeclared_rounding(monkeypatch, folder):
    return failed(trial(behind(Rounds())))


@fault("masking", "true_slopes")
def detached_but_for_one_part_in_a_hundred(monkeypatch, folder):
    return failed(trial(behind(Front(lambda x: 0.01 * x + (0.99 * x).detach()))))


@fault("masking", "true_slopes")
def most_of_the_picture_detached(monkeypatch, folder):
    def changed(images):
        return torch.cat([images[..., :2], images[..., 2:].detach()], dim=-1)

    return failed(trial(behind(Front(changed))))


@fault("masking", "true_slopes")
def slopes_a_million_times_too_short(monkeypatch, folder):
    return failed(trial(behind(slope(lambda gradient: gradient * 1e-6))))


@fault("masking", "true_slopes")
def slopes_that_point_backwards(monkeypatch, folder):
    return failed(trial(behind(slope(lambda gradient: -gradient))))


@fault("masking", "true_slopes")
def slopes_of_another_place(monkeypatch, folder):
    return failed(trial(behind(slope(lambda gradient: gradient.roll(5, -1)))))


def turned_between_eight_bit_values(images):
    """Slopes are true of pictures as files have them, on which finite differences are taken, and of no others."""
    seen = images * 1.0
    if seen.requires_grad:
        between = (255 * images.detach() - (255 * images.detach()).round()).abs() > 0.05
        seen.register_hook(lambda gradient: torch.where(between, -gradient, gradient))
    return seen


@pytest.mark.parametrize("budget", [Linf(31.5), L2(3.0)], ids=lambda budget: budget.norm)
def test_where_slopes_lead_the_second_attack_astray_too_squares_do_not(budget):
    attack = Attack(Everywhere(), budget, PGD(Margin(), 20, 0.25))
    found = trial(behind(Front(turned_between_eight_bit_values)), attack, budget_settings=None)
    assert {"true_slopes", "reference"} <= set(failed(found))
    assert ReferenceAttack(queries=0)(found).passed
    outcome = ReferenceAttack()(found)
    assert "by squares alone" in outcome.detail
    assert "slopes that lead astray" in outcome.remedy


@fault("masking", "reference")
def slopes_that_turn_round_beside_the_clean_picture(monkeypatch, folder):
    front = Front(turned_between_eight_bit_values)
    return failed(trial(behind(front), pgd(eps=31.5), budget_settings=None))


@fault("masking", "true_slopes")
def scores_are_a_saturated_softmax(monkeypatch, folder):
    head = Front(lambda scores: torch.softmax(300.0 * scores, 1))
    return failed(trial(Victim(trained(), head, NAMES).freeze()))


@fault("masking", "error")
def a_network_without_a_slope(monkeypatch, folder):
    with pytest.raises(FacetrialError, match="has no slope"):
        trial(behind(Front(lambda x: x.detach())))
    return ["error"]


# Weak or broken attacks


class Backwards(Margin):
    def __call__(self, scores, criterion):
        return -super().__call__(scores, criterion)


def of_method(method) -> list[str]:
    return failed(trial(attack=Attack(Everywhere(), Linf(EPS), method)))


@fault("attack", "reference")
def loss_of_the_wrong_sign(monkeypatch, folder):
    return of_method(PGD(Backwards(), 20, 0.25, random_start=False))


@fault("attack", "reference")
def steps_of_next_to_nothing(monkeypatch, folder):
    return of_method(PGD(Margin(), 20, 0.0001, random_start=False))


@fault("attack", "reference")
def two_steps_of_a_twentieth(monkeypatch, folder):
    return of_method(PGD(Margin(), 2, 0.05, random_start=False))


@fault("attack", "reference")
def an_exception_is_swallowed(monkeypatch, folder):
    class Swallows(PGD):
        def update(self, active, problem, found):
            with contextlib.suppress(RuntimeError):
                raise RuntimeError("shapes do not match")

    return of_method(Swallows(Margin(), 20, 0.25, random_start=False))


@fault("attack", "reference")
def clean_pictures_are_returned(monkeypatch, folder):
    class Clean(PGD):
        def __call__(self, problem):
            super().__call__(problem)
            return MethodResult(problem.images, torch.ones(len(problem), dtype=torch.bool))

    return of_method(Clean(Margin(), 20, 0.25))


@fault("attack", "reference")
def only_the_first_of_a_batch_is_attacked(monkeypatch, folder):
    class First(PGD):
        def __call__(self, problem):
            found = super().__call__(problem)
            found.images[1:] = problem.images[1:]
            return found

    return of_method(First(Margin(), 20, 0.25))


@fault("attack", "reference")
def projected_onto_an_eighth_of_the_budget(monkeypatch, folder):
    class Small(Linf):
        def project(self, images, changed, region):
            bound = self.limit / 8
            return torch.minimum(torch.maximum(changed, images - bound), images + bound).clamp(0, 1)

    return failed(trial(attack=Attack(Everywhere(), Small(EPS), PGD(Margin(), 20, 0.25, random_start=False))))


@fault("attack", "reference")
def the_attack_asks_another_network(monkeypatch, folder):
    class Astray(PGD):
        def __call__(self, problem):
            other = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 6))
            return super().__call__(replace(problem, victim=other, proxy=other))

    with torch.random.fork_rng():
        torch.manual_seed(0)
        return of_method(Astray(Margin(), 20, 0.25))


def more_steps(victim=None, surrogate=None, eps=24, step=0.25) -> list[str]:
    """What `more_steps` of checks=thorough finds of an attack with half of the steps that it needs."""
    method = PGD(Margin(), 2, step, random_start=False)
    attack = Attack(Everywhere(), Linf(eps), method, surrogate=surrogate)
    return ["more_steps"] if MoreStepsDoNotHelp()(trial(victim, attack)).passed is False else []


@fault("attack", "more_steps")
def too_few_steps_before_a_victim_that_draws(monkeypatch, folder):
    victim = defended(sound(), [RandomResizePad(0.9, seed=0, samples=2)])
    return more_steps(victim, eps=16, step=0.2)  # before a defence the start is ahead


@fault("attack", "more_steps")
def too_few_steps_on_a_surrogate(monkeypatch, folder):
    return more_steps(surrogate=Surrogate(sound()))


# Leaks


@fault("leak", "trained_apart")
def pictures_of_the_trial_among_those_trained_on(monkeypatch, folder):
    return failed(trial(train_faces=faces()))


@fault("leak", "trained_apart")
def one_test_picture_under_another_name(monkeypatch, folder):
    train, test = faces(12, seed=1), faces()
    train.pixels = train.pixels.copy()
    train.pixels[3] = test.pixels[5]
    return failed(trial(train_faces=train))


@fault("leak", "trained_apart")
def the_split_puts_a_person_on_both_sides(monkeypatch, folder):
    train, test = faces(12, seed=1), faces()
    train.pixels = train.pixels.copy()
    train.pixels[::2] = test.pixels[:6]
    return failed(trial(train_faces=train))


def trained_on(saved, count: int = 1) -> list[str]:
    """So many of the trial's pictures, saved again, among those trained on."""
    train, test = faces(12, seed=1), faces()
    train.pixels = train.pixels.copy()
    train.pixels[:count] = [saved(picture) for picture in test.pixels[:count]]
    return failed(trial(train_faces=train))


def drawn_again(saved) -> list[str]:
    """A drawn picture of the trial, of a size in which it has details, saved again among those trained on."""
    data = drawn_faces()
    train, test = data.train_faces, data.test_faces
    pixels = np.array(train.pixels)
    pixels[train.rows[0]] = np.asarray(saved(Image.fromarray(pixels[test.rows[0]])))
    seen = replace(train, pixels=pixels)
    evidence = replace(trial(), faces=test, train_faces=seen, trained_on=seen)
    return failed(evidence, only=("trained_apart",))


@fault("leak", "trained_apart")
def a_test_picture_trained_on_a_little_brighter(monkeypatch, folder):
    return trained_on(lambda picture: np.clip(picture.astype(int) + 1, 0, 255))


@fault("leak", "trained_apart")
def three_pictures_trained_on_in_grey_with_more_contrast(monkeypatch, folder):
    grey = lambda picture: picture.mean(2, keepdims=True).astype(int).repeat(3, 2)  # noqa: E731
    return trained_on(lambda picture: np.clip(1.3 * (grey(picture) - 128) + 128, 0, 255), count=3)


@fault("leak", "trained_apart")
def a_test_picture_trained_on_as_jpeg(monkeypatch, folder):
    def saved(picture):
        picture.save(folder / "again.jpg", quality=50)
        return Image.open(folder / "again.jpg")

    return drawn_again(saved)


@fault("leak", "trained_apart")
def a_test_picture_trained_on_half_the_size_and_mirrored(monkeypatch, folder):
    return drawn_again(lambda picture: ImageOps.mirror(picture.resize((48, 48))).resize((96, 96)))


@fault("leak", "trained_apart")
def a_test_picture_trained_on_blurred(monkeypatch, folder):
    return drawn_again(lambda picture: picture.filter(ImageFilter.GaussianBlur(2)))


@fault("leak", "trained_apart")
def a_test_picture_trained_on_a_third_of_the_size(monkeypatch, folder):
    return drawn_again(lambda picture: picture.resize((32, 32)).resize((96, 96)))


@fault("leak", "trained_apart")
def a_test_picture_trained_on_cut_a_little(monkeypatch, folder):
    return drawn_again(lambda picture: picture.crop((2, 3, 95, 96)).resize((96, 96)))


# Labels


def relabelled(order) -> list[str]:
    test = faces()
    identities = np.asarray(order)[test.identities]
    return failed(trial(test=replace(test, identities=identities)))


@fault("labels", "names")
def two_names_are_exchanged(monkeypatch, folder):
    return relabelled([1, 0, 2, 3, 4, 5])


@fault("labels", "recognises")
def names_are_one_further(monkeypatch, folder):
    return relabelled([1, 2, 3, 4, 5, 0])


@fault("labels", "recognises")
def names_by_chance(monkeypatch, folder):
    test = faces()
    return failed(trial(test=replace(test, identities=np.random.default_rng(0).permutation(test.identities))))


@fault("labels", "names")
def two_columns_of_scores_are_exchanged(monkeypatch, folder):
    head = Front(lambda scores: scores[:, [0, 1, 3, 2, 4, 5]])
    return failed(trial(Victim(trained(), head, NAMES).freeze()))


# Budget and units


@fault("budget", "referee")
def eps_by_127_5(monkeypatch, folder):
    monkeypatch.setattr(Linf, "limit", property(lambda self: self.eps / 127.5))
    return failed(trial())


@fault("budget", "referee")
def the_budget_is_not_kept(monkeypatch, folder):
    class Loose(Linf):
        def project(self, images, changed, region):
            return changed.clamp(0, 1)

    return failed(trial(attack=Attack(Everywhere(), Loose(EPS), PGD(Margin(), 20, 0.5))))


def of_noise(fill, budget=None) -> list[str]:
    """What is found of noise that `fill` makes, from a problem to pictures and whether they reach the budget."""
    method = type("OfOnesOwn", (Gaussian,), {"fill": fill})()
    return failed(trial(attack=Attack(Everywhere(), budget or RMS(0.1), method), budget_settings=None))


@fault("budget", "reached")
def smaller_changes_are_said_to_reach_the_budget(monkeypatch, folder):
    def fill(self, problem):
        pictures, reached = Gaussian.fill(self, problem)
        return problem.images + 0.8 * (pictures - problem.images), reached

    return of_noise(fill)


@fault("budget", "reached")
def changes_of_full_size_are_said_to_be_smaller(monkeypatch, folder):
    def fill(self, problem):
        pictures, reached = Gaussian.fill(self, problem)
        return pictures, ~reached

    return of_noise(fill)


@fault("budget", "referee")
def twice_the_budget_in_l1(monkeypatch, folder):
    def fill(self, problem):
        return L1(2 * problem.budget.eps).fill(problem.images, torch.ones_like(problem.images))

    return of_noise(fill, L1(20.0))


@fault("budget", "range")
def pictures_divided_by_255_twice(monkeypatch, folder):
    return failed(trial(test=faces(factor=1.0)))


@fault("budget", "standardised_once")
def standardised_twice(monkeypatch, folder):
    return failed(trial(behind(Front(lambda x: (x - 0.5) / 0.25 * 4 - 3))))


@fault("budget", "error")
def eps_as_a_share_of_one(monkeypatch, folder):
    with pytest.raises(FacetrialError, match="write 8"):
        Linf(0.03)
    return ["error"]


@fault("budget", "colour_order")
def red_and_blue_are_exchanged(monkeypatch, folder):
    class Grey(nn.Module):
        """Knows the red of a picture, and hardly its blue."""

        def forward(self, images):
            weights = images.new_tensor([0.02, 0.2, 1.0])[
                :, None, None
            ]  # of red, green, blue: it was taught BGR
            return nn.functional.normalize((images * weights).flatten(1) - (images * weights).mean())

    known = faces()
    known.pixels = known.pixels.copy()
    known.pixels[..., 2] = 128  # blue says nothing
    head = Front(lambda embeddings: embeddings @ embeddings.new_ones(768, 6))
    victim = Victim(Grey(), head, NAMES).freeze()
    return failed(trial(victim, train_faces=known), only=("colour_order",))


# Verdicts


@fault("verdict", "deterministic")
def the_clean_picture_is_judged(monkeypatch, folder):
    found = trial()
    return failed(rows_with(found, correct_attacked=found.rows["correct_clean"]))


@fault("verdict", "deterministic")
def verdicts_are_turned_round(monkeypatch, folder):
    found = trial()
    return failed(rows_with(found, correct_attacked=~found.rows["correct_attacked"]))


@fault("verdict", "deterministic")
def eight_bit_of_the_picture_before_rounding(monkeypatch, folder):
    monkeypatch.setattr(Budget, "in_8_bits", lambda self, images, changed: changed)
    return failed(trial(attack=pgd(eps=EPS + 0.4)))


@fault("verdict", "recounted")
def correct_is_not_what_was_named(monkeypatch, folder):
    found = trial()
    return figures(
        rows_with(found, predicted_attacked=found.rows["predicted_attacked"].shift(1, fill_value="x")), folder
    )


@fault("verdict", "slopes")
def scores_that_are_no_numbers(monkeypatch, folder):
    def noisy_is_nothing(images):
        rough = (images[..., 1:] - images[..., :-1]).abs().mean((1, 2, 3), keepdim=True)
        return images * torch.where(rough > 0.13, torch.nan, 1.0)

    return failed(trial(behind(Front(noisy_is_nothing)), pgd(eps=48)))


# Statistics


def with_rate(monkeypatch, folder, changed) -> list[str]:
    rate = summaries.rate_over_people
    monkeypatch.setattr(summaries, "rate_over_people", lambda hits, people: changed(rate, hits, people))
    return figures(trial(), folder)


@fault("statistics", "recounted")
def one_more_in_the_denominator(monkeypatch, folder):
    def changed(rate, hits, people):
        return rate(np.append(hits, False), np.append(people, people[:1]))

    return with_rate(monkeypatch, folder, changed)


@fault("statistics", "recounted")
def the_mean_over_people(monkeypatch, folder):
    def changed(rate, hits, people):
        means = [hits[people == who].mean() for who in np.unique(people)]
        return replace(rate(hits, people), value=float(np.mean(means)) * 0.99)

    return with_rate(monkeypatch, folder, changed)


@fault("statistics", "recounted")
def n_counts_people(monkeypatch, folder):
    def changed(rate, hits, people):
        return replace(rate(hits, people), n=len(np.unique(people)))

    return with_rate(monkeypatch, folder, changed)


@fault("statistics", "recounted")
def a_share_is_turned_round(monkeypatch, folder):
    return with_rate(monkeypatch, folder, lambda rate, hits, people: rate(~hits, people))


# Stale state


@fault("stale", "deterministic")
def rows_of_another_attack(monkeypatch, folder):
    found = trial()
    return failed(replace(found, rows=rows_of(found.victim, pgd(steps=1, eps=1), found.faces)))


@fault("stale", "deterministic")
def noise_of_the_same_norm_that_is_drawn_anew(monkeypatch, folder):
    def fill(self, problem):
        return problem.budget.fill(problem.images, torch.randn_like(problem.images))

    return of_noise(fill)


@fault("stale", "one_row_a_picture")
def a_picture_lies_in_two_shards(monkeypatch, folder):
    found = trial()
    return failed(replace(found, rows=found.rows.iloc[[0, *range(len(found.rows))]].reset_index(drop=True)))


@fault("stale", "one_row_a_picture")
def pictures_were_lost(monkeypatch, folder):
    found = trial()
    return failed(replace(found, rows=found.rows.iloc[:-3]))


@fault("stale", "victim_frozen")
def a_layer_is_in_train_mode(monkeypatch, folder):
    found = trial(Victim(nn.Sequential(nn.Identity(), trained()), nn.Identity(), NAMES).freeze())
    for module in found.victim.modules():
        if isinstance(module, nn.Identity):
            module.training = True
    return failed(found)


@fault("stale", "error")
def a_checkpoint_that_other_code_trained(monkeypatch, folder):
    plan = tiny_plan(folder)
    plan = plan.but(model=plan.model | {"checkpoint": str(folder / "mine.ckpt")})
    save_checkpoint(plan.path, "recognizer", {}, plan.recipe, names=["a", "b"])
    monkeypatch.setattr(plans, "what_code_does", lambda *parts: "a margin of another sign")
    with pytest.raises(FacetrialError, match=r"code\.facetrial: the checkpoint has"):
        plan.but().load_victim()
    return ["error"]


# Regions


@fault("region", "landmarks")
def the_mask_is_mirrored(monkeypatch, folder):
    mask = Discs.__call__
    monkeypatch.setattr(Discs, "__call__", lambda *a, **k: mask(*a, **k).flip(-1))
    return failed(with_landmarks(), only=("landmarks",))


@fault("region", "landmarks")
def the_mask_is_shifted(monkeypatch, folder):
    mask = Discs.__call__
    monkeypatch.setattr(Discs, "__call__", lambda *a, **k: mask(*a, **k).roll((12, 12), (-2, -1)))
    return failed(with_landmarks(), only=("landmarks",))


@fault("region", "landmarks")
def x_and_y_are_exchanged(monkeypatch, folder):
    found = with_landmarks()
    found.faces.landmarks = found.faces.landmarks[..., ::-1].copy()
    return failed(found, only=("landmarks",))


@fault("region", "landmarks")
def left_and_right_are_exchanged(monkeypatch, folder):
    found = with_landmarks()
    found.faces.landmarks = found.faces.landmarks[:, list(FLIP)]
    return failed(found, only=("landmarks",))


@fault("region", "landmarks")
def landmarks_are_zero(monkeypatch, folder):
    found = with_landmarks()
    found.faces.landmarks = np.zeros_like(found.faces.landmarks)
    return failed(found, only=("landmarks",))


# Undeclared defences


@fault("defence", "same_alone")
def noise_that_nobody_declares(monkeypatch, folder):
    return failed(trial(behind(Front(lambda x: (x + 0.1 * torch.randn_like(x)).clamp(0, 1)))))


@fault("defence", "same_alone")
def dropout_that_stays_on(monkeypatch, folder):
    return failed(trial(behind(Front(lambda x: nn.functional.dropout(x, 0.3)))))


@fault("defence", "same_alone")
def answers_that_depend_on_the_batch(monkeypatch, folder):
    return failed(trial(behind(Front(lambda x: (x - x.mean(0, keepdim=True)) * 0.5 + 0.5))))


@fault("defence", "adaptive")
def a_defence_that_is_named_and_does_not_stand_there(monkeypatch, folder):
    return failed(trial(in_front=["bit_depth"], defenses=["bit_depth"]))


@fault("defence", "adaptive")
def a_defence_that_stands_there_and_is_not_named(monkeypatch, folder):
    return failed(trial(defended(sound(), [BitDepth(4)])))


@fault("defence", "true_slopes")
def a_threshold_that_nobody_declares(monkeypatch, folder):
    return failed(trial(behind(Front(lambda x: torch.where(x > 0.5, x.detach().ceil(), x * 1e-3)))))


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_found(name, monkeypatch, tmp_path):
    _, caught_by, planted = FAULTS[name]
    found = planted(monkeypatch, tmp_path)
    if caught_by:
        assert caught_by <= set(found), found
    else:
        assert found == [], "it is found by now: say by which check"


def test_the_sound_trial_passes(tmp_path):
    assert failed(trial()) == []
    assert figures(trial(), tmp_path) == []
    assert failed(with_landmarks(), only=("landmarks",)) == []


def test_there_are_four_of_each_kind_and_most_are_found():
    kinds = [kind for kind, *_ in FAULTS.values()]
    assert all(kinds.count(kind) >= 4 for kind in set(kinds))
    assert len(set(kinds)) == 10
    assert sum(bool(caught_by) for _, caught_by, _ in FAULTS.values()) >= 0.92 * len(FAULTS)
