"""What differs between pictures of one person: drawn for each picture alone, within its bounds."""

import dataclasses

import torch

from facetrial.data.rendering.conditions import draw_conditions

PERSONS, PICTURES = torch.arange(40).repeat_interleave(50), torch.arange(50).repeat(40)
BOUNDS = {
    "yaw": 0.5,
    "pitch": 0.24,
    "roll": 0.2,
    "shift_x": 0.06,
    "brow_raise": 1.0,
}
RANGES = {
    "smile": (-0.35, 1.0),
    "mouth_open": (0.0, 1.0),
    "eyes_open": (0.65, 1.1),
    "scale": (0.91, 1.02),
    "blur": (0.0, 0.2),
    "noise": (0.004, 0.022),
    "grain": (0.0, 1.0),
    "background": (0.0, 1.0),
    "clothes": (0.0, 1.0),
}


def test_a_picture_has_its_own_whatever_is_drawn_beside_it():
    whole = draw_conditions(0, PERSONS, PICTURES)
    rows = torch.tensor([77, 3, 1999])
    alone = draw_conditions(0, PERSONS[rows], PICTURES[rows])
    for field in dataclasses.fields(whole):
        assert torch.equal(getattr(whole, field.name)[rows], getattr(alone, field.name)), field.name


def test_seed_person_and_picture_each_change_all_of_them():
    person, picture = torch.tensor([1, 2, 1]), torch.tensor([0, 0, 1])
    first, other = draw_conditions(0, person, picture), draw_conditions(1, person, picture)
    for name in ("yaw", "smile", "light_x", "noise", "collar"):
        values = [*getattr(first, name).tolist(), getattr(other, name)[0].item()]
        assert len(set(values)) == 4, name


def test_they_fill_their_ranges_and_keep_to_them():
    drawn = draw_conditions(3, PERSONS, PICTURES)
    for name, (low, high) in RANGES.items():
        values = getattr(drawn, name)
        assert values.min() >= low - 1e-6, name
        assert values.max() <= high + 1e-6, name
    for name, bound in BOUNDS.items():
        values = getattr(drawn, name) / bound
        assert values.abs().max() <= 1.0, name
        # Two thirds of the sum of three uniform draws about their mean: a standard deviation of a third.
        assert abs(values.mean()) < 0.03, name
        assert abs(values.std() - 1 / 3) < 0.02, name
