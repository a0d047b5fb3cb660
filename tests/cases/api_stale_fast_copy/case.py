"""The same Attack object is used again on a victim that is another by now.

facenet #793/#649 (a new person is enrolled), EMA/quantised weights set through .data.
"""

import torch
from apilib import IMAGES, classifier, end, fault, pgd, recognised
from torch import nn

import facetrial


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 16, 5, stride=4)
        self.linear = nn.Linear(16, 8)

    def forward(self, images):
        pooled = torch.tanh(self.convolution(images)).mean((2, 3))
        return nn.functional.normalize(self.linear(pooled))


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = classifier()
        self.scale = 1.0

    def forward(self, images):
        return self.scale * self.network(images)


def strong():
    return pgd(eps=32, steps=20)


def share_left(victim, identities, attack):
    _, rows = facetrial.attack(victim, IMAGES[: len(identities)], identities, attack)
    return float(rows.correct_attacked.mean())


def as_by_a_new_attack(name, victim, identities, used):
    try:
        by_used, by_new = share_left(victim, identities, used), share_left(victim, identities, strong())
    except Exception as error:
        fault(f"{name} {type(error).__name__} {str(error)[:90]}")
        return
    outcome = f"{name} - left by the Attack used before {round(by_used, 2)} - by a new one {round(by_new, 2)}"
    if by_used != by_new:
        fault(outcome)
    else:
        print("fine", outcome)


torch.manual_seed(1)
embedder = Embedder().eval()
with torch.no_grad():
    embeddings = embedder(IMAGES)
victim = facetrial.Victim(embedder, facetrial.GalleryHead(embeddings[:4]), list("abcd")).eval()
attack = strong()
share_left(victim, torch.arange(4), attack)
victim.head, victim.names = facetrial.GalleryHead(embeddings), list("abcdef")
as_by_a_new_attack("two people enrolled (victim.head replaced)", victim, torch.arange(6), attack)

victim = facetrial.Victim(embedder, facetrial.GalleryHead(embeddings), list("abcdef")).eval()
attack = strong()
share_left(victim, torch.arange(6), attack)
order = torch.tensor([5, 4, 3, 2, 1, 0])
victim.head = facetrial.GalleryHead(embeddings[order])
as_by_a_new_attack("gallery in another order", victim, order.argsort(), attack)

torch.manual_seed(0)
network = classifier()
attack = strong()
share_left(network, recognised(network), attack)
torch.manual_seed(5)
for parameter, other in zip(network.parameters(), classifier().parameters(), strict=True):
    parameter.data = other.data.clone()
as_by_a_new_attack("weights set by p.data = ...", network, recognised(network), attack)

scaled = Scaled().eval()
attack = strong()
share_left(scaled, recognised(scaled), attack)
scaled.scale = -1.0
as_by_a_new_attack("an attribute of the model changed", scaled, recognised(scaled), attack)
end()
