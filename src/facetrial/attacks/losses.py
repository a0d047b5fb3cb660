"""Losses that a gradient attack makes larger: what it hopes for, in a form that has a slope."""

from abc import ABC, abstractmethod

from torch import Tensor
from torch.nn import functional as F

from facetrial.attacks.goals import Criterion


class Loss(ABC):
    """From identity scores (B, C) to a loss (B,) that is larger, the nearer the goal is.

    Attributes:
        of_similarities: whether it is given cosine similarities to the people's gallery in place of scores; abstentions
            have columns among them too.
    """

    of_similarities = False

    @abstractmethod
    def __call__(self, scores: Tensor, criterion: Criterion) -> Tensor:
        """The loss of each picture."""


class CrossEntropy(Loss):
    """Dodging: the cross-entropy of the own identity. Impersonation: minus that of the target.

    Before a victim that may abstain, dodging takes the log odds of the others against the own identity and
    abstain_columns: cross-entropy has no slope while both of these are far above the others.
    """

    def __call__(self, scores: Tensor, criterion: Criterion) -> Tensor:
        scores, criterion = criterion.reduced(scores)
        if criterion.targets is None and criterion.abstain_columns:
            return criterion.others(scores).logsumexp(1) - criterion.unwanted(scores).logsumexp(1)
        if criterion.targets is None:
            return F.cross_entropy(scores, criterion.identities, reduction="none")
        return -F.cross_entropy(scores, criterion.targets, reduction="none")


class Margin(Loss):
    """By how much the goal is met: the loss of Carlini and Wagner ("Towards evaluating the robustness", 2017)."""

    def __call__(self, scores: Tensor, criterion: Criterion) -> Tensor:
        return criterion.adversarial_margin(scores)


class DifferenceOfLogitsRatio(Loss):
    """The margin over the spread of the highest scores (Croce and Hein, "Reliable evaluation", ICML 2020).

    Rescaling the scores does not change it. It needs three people for dodging and four for impersonation; with
    fewer it is the margin.
    """

    def __call__(self, scores: Tensor, criterion: Criterion) -> Tensor:
        scores, criterion = criterion.reduced(scores)
        highest = scores.topk(min(4, scores.shape[1]), dim=1).values
        if highest.shape[1] < (3 if criterion.targets is None else 4):
            return criterion.adversarial_margin(scores)
        if criterion.targets is None:
            return criterion.adversarial_margin(scores) / (highest[:, 0] - highest[:, 2] + 1e-12)
        own, target = (
            scores.gather(1, who[:, None])[:, 0] for who in (criterion.identities, criterion.targets)
        )
        return (target - own) / (highest[:, 0] - 0.5 * (highest[:, 2] + highest[:, 3]) + 1e-12)


class Cosine(Loss):
    """Dodging: minus the cosine similarity of the embedding to the own gallery. Impersonation: that to the target's.

    It moves the embedding and asks nothing of the head, as attacks on face verification do (Sharif et al., 2016;
    Dong et al., "Efficient decision-based black-box attacks on face recognition", CVPR 2019).

    Before a victim that may abstain it is the margin of the similarities, abstentions among them: the embedding
    has to go where somebody else is named.
    """

    of_similarities = True

    def __call__(self, scores: Tensor, criterion: Criterion) -> Tensor:
        scores, criterion = criterion.reduced(scores)
        if criterion.abstain_columns:
            return criterion.adversarial_margin(scores)
        if criterion.targets is None:
            return -scores.gather(1, criterion.identities[:, None])[:, 0]
        return scores.gather(1, criterion.targets[:, None])[:, 0]
