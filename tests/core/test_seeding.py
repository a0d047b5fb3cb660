"""Training draws the same in one go and in several: orders and augmentation hang on seed, epoch, step and process."""

from types import SimpleNamespace

import torch

from facetrial.core.seeding import SeedSteps, ShuffledEpochs


def order(seed, epoch, count=50):
    sampler = ShuffledEpochs(count, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


def test_each_epoch_has_every_picture_once_in_an_order_of_its_own():
    orders = [order(0, epoch) for epoch in range(4)] + [order(1, 0)]
    assert all(sorted(one) == list(range(50)) for one in orders)
    assert len({tuple(one) for one in orders}) == 5
    assert len(ShuffledEpochs(50, 0)) == 50


def test_an_epoch_is_the_same_whatever_was_drawn_before():
    expected = order(3, 7)
    torch.rand(5)
    before = torch.get_rng_state()
    assert order(3, 7) == expected
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_seed_it_is_that_of_torch():
    torch.manual_seed(11)
    torch.rand(3)
    sampler = ShuffledEpochs(50)
    sampler.set_epoch(2)
    assert list(sampler) == order(11, 2)


def drawn(seed, step, rank):
    SeedSteps(seed).on_train_batch_start(SimpleNamespace(global_step=step, global_rank=rank), None, None, 0)
    return tuple(torch.rand(3).tolist())


def test_a_step_draws_the_same_again_and_another_something_else():
    places = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1), (12345, 678, 9)]
    first = [drawn(*place) for place in places]
    assert len(set(first)) == len(places)
    assert [drawn(*place) for place in reversed(places)] == first[::-1]


def test_weights_say_how_often_each_is_drawn():
    weights = torch.tensor([1.0, 3.0])
    many = torch.tensor(list(ShuffledEpochs(4000, 0, weights.repeat(2000))))
    assert len(many) == 4000
    assert 0.72 < (many % 2 == 1).double().mean() < 0.78
    assert many.tolist() == list(ShuffledEpochs(4000, 0, weights.repeat(2000)))
