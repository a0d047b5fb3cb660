"""Losses that a gradient attack makes larger: what it hopes for, in a form that has a slope."""

from abc import ABC, abstractmethod

from torch import Tensor
from torch.nn import functional as F

from facetrial.attacks.goals import Aim


class Loss(ABC):
    """From identity scores (B, C) to a loss (B,) that is larger, the nearer the goal is.

    Attributes:
        of_similarities: whether it is given cosine similarities to the people's gallery in place of scores; refusals
            have columns among them too.
    """

    of_similarities = False

    @abstractmethod
    def __call__(self, scores: Tensor, aim: Aim) -> Tensor:
        """The loss of each picture."""


class CrossEntropy(Loss):
    """Dodging: the cross-entropy of the own identity. Impersonation: minus that of the target.

    Before a victim that may refuse to answer, dodging takes the log odds of the others against the own identity and
    refusals: cross-entropy has no slope while both of these are far above the others.
    """

    def __call__(self, scores: Tensor, aim: Aim) -> Tensor:
        scores, aim = aim.reduced(scores)
        if aim.targets is None and aim.refusals:
            return aim.others(scores).logsumexp(1) - aim.unwanted(scores).logsumexp(1)
        if aim.targets is None:
            return F.cross_entropy(scores, aim.identities, reduction="none")
        return -F.cross_entropy(scores, aim.targets, reduction="none")


class Margin(Loss):
    """By how much the goal is met: the loss of Carlini and Wagner ("Towards evaluating the robustness", 2017)."""

    def __call__(self, scores: Tensor, aim: Aim) -> Tensor:
        return aim.advantage(scores)


class DifferenceOfLogitsRatio(Loss):
    """The margin over the spread of the highest scores (Croce and Hein, "Reliable evaluation", ICML 2020).

    Rescaling the scores does not change it. It needs three people for dodging and four for impersonation; with
    fewer it is the margin.
    """

    def __call__(self, scores: Tensor, aim: Aim) -> Tensor:
        scores, aim = aim.reduced(scores)
        highest = scores.topk(min(4, scores.shape[1]), dim=1).values
        if highest.shape[1] < (3 if aim.targets is None else 4):
            return aim.advantage(scores)
        if aim.targets is None:
            return aim.advantage(scores) / (highest[:, 0] - highest[:, 2] + 1e-12)
        own, target = (scores.gather(1, who[:, None])[:, 0] for who in (aim.identities, aim.targets))
        return (target - own) / (highest[:, 0] - 0.5 * (highest[:, 2] + highest[:, 3]) + 1e-12)


class Cosine(Loss):
    """Dodging: minus the cosine similarity of the embedding to the own gallery. Impersonation: that to the target's.

    It moves the embedding and asks nothing of the head, as attacks on face verification do (Sharif et al., 2016;
    Dong et al., "Efficient decision-based black-box attacks on face recognition", CVPR 2019).

    Before a victim that may refuse to answer it is the margin of the similarities, refusals among them: the embedding
    has to go where somebody else is named.
    """

    of_similarities = True

    def __call__(self, scores: Tensor, aim: Aim) -> Tensor:
        scores, aim = aim.reduced(scores)
        if aim.refusals:
            return aim.advantage(scores)
        if aim.targets is None:
            return -scores.gather(1, aim.identities[:, None])[:, 0]
        return scores.gather(1, aim.targets[:, None])[:, 0]
