"""People differ from each other, a dozen of them already."""

import torch

from facetrial.data.rendering.identities import draw_people


def test_people_differ_more_than_pictures_of_one_person(portraits):
    """A plain linear measure tells people apart: pictures lie nearer to their own person's mean than to others'."""
    small = torch.nn.functional.avg_pool2d(portraits.images, 4).flatten(1).unflatten(0, (8, 8))
    own_mean, distance = small.mean(1), []
    for picture in range(8):
        rest = (8 * own_mean - small[:, picture]) / 7
        distance.append(torch.cdist(small[:, picture], rest))
    distance = torch.stack(distance).mean(0)
    assert (distance.argmin(1) == torch.arange(8)).all()


def test_a_dozen_people_are_a_mixed_company():
    people = draw_people(0, torch.arange(12))
    assert 3 <= people.masculine.sum() <= 9
    assert people.skin.mean(1).max() - people.skin.mean(1).min() > 0.3
    assert len(people.hair.unique(dim=0)) >= 4
    assert len(people.hair_style.unique(dim=0)) >= 6
    assert torch.equal(draw_people(0, torch.tensor([7])).skin, people.skin[7:8])
