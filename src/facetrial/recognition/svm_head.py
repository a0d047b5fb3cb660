"""The SVM that scikit-learn fitted, in exact torch form."""

import logging
from typing import Literal

import numpy as np
import torch
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC, LinearSVC
from torch import Tensor, nn

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import Positive
from facetrial.recognition.enrolment import enrolled, mean_embeddings

log = logging.getLogger(__name__)

# Numbers in embeddings times people that take scikit-learn's LinearSVC some ten minutes of a core: benchmarks/scale.py.
_LONG = 10**10
_FITTED = ("weight", "bias", "support_vectors", "gamma", "gallery")


class SVMHead(nn.Module):
    """Support vector machine, one identity against the rest: scores are signed distances from the margin.

    Predictions equal scikit-learn's and scores agree within 1e-5. All that was fitted lies in buffers, so that it
    is saved with the model. Scores are computed in float64, or in float32 on devices without it, and given in
    the embeddings' type.

    Args:
        kernel: "linear" (scikit-learn's LinearSVC) or "rbf" (an SVC for each identity).
        c: penalty; larger fits the training pictures more closely.
        gamma: width of the RBF kernel, "scale" or a number.
        class_weight: "balanced" has people with few training pictures count as much as those with many; with None
            every picture counts as much, and the margins of people with many are wider for that alone.

    Attributes:
        gallery: (C, D), each identity's mean training embedding, of unit norm; no part of the scores.

    Raises:
        FacetrialError: unknown kernel.
    """

    weight: Tensor
    bias: Tensor
    support_vectors: Tensor
    gamma: Tensor
    gallery: Tensor

    @checked("model.head")
    def __init__(
        self,
        kernel: Literal["linear", "rbf"] = "linear",
        c: Positive = 1.0,
        gamma: Positive | Literal["scale", "auto"] = "scale",
        class_weight: Literal["balanced"] | None = None,
    ) -> None:
        super().__init__()
        self.kernel = kernel
        self.c = c
        self.gamma_setting = gamma
        self.class_weight = class_weight
        for name in _FITTED:
            self.register_buffer(name, torch.zeros(0, dtype=torch.float64))

    @property
    def fitted(self) -> bool:
        return self.bias.numel() > 0

    @property
    def num_classes(self) -> int:
        return len(self.bias)

    def estimator(self) -> LinearSVC | OneVsRestClassifier:
        """The scikit-learn estimator with these settings, not fitted."""
        weight = self.class_weight
        if self.kernel == "linear":
            return LinearSVC(C=self.c, random_state=0, max_iter=10_000, class_weight=weight)
        return OneVsRestClassifier(SVC(C=self.c, gamma=self.gamma_setting, kernel="rbf", class_weight=weight))

    def fit(self, embeddings: np.ndarray, identities: np.ndarray) -> LinearSVC | OneVsRestClassifier:
        """Fits scikit-learn's estimator and copies it.

        Args:
            embeddings: (N, D), an array or a tensor on the CPU.
            identities: (N,) with every class from 0 to C - 1, or a list of these.

        Returns:
            The fitted estimator.

        Raises:
            FacetrialError: a class has no embedding, there is only one class, an embedding is not finite, or shapes
                differ from these.
        """
        embeddings, identities = enrolled(embeddings, identities)
        people = int(identities.max()) + 1
        if embeddings.size * people > _LONG:
            log.warning(
                "An SVM of %d people and %d embeddings takes %d minutes or more to fit; model/head=gallery seconds.",
                people, len(embeddings), round(10 * embeddings.size * people / _LONG),
            )  # fmt: skip
        estimator = self.estimator().fit(np.asarray(embeddings, dtype=np.float64), identities)
        self.copy(estimator)
        self._set("gallery", mean_embeddings(embeddings, identities))
        return estimator

    def copy(self, estimator: LinearSVC | OneVsRestClassifier) -> None:
        """Takes over a fitted estimator's numbers."""
        if self.kernel == "linear":
            weight, bias = estimator.coef_, estimator.intercept_
            support_vectors, gamma = np.zeros((0, weight.shape[1])), 0.0
        else:
            parts = estimator.estimators_
            bias = np.array([part.intercept_[0] for part in parts])
            gamma = parts[0]._gamma
            # A training embedding is a support vector for many identities: keep it once.
            used = np.unique(np.concatenate([part.support_ for part in parts]))
            support_vectors = np.zeros((len(used), parts[0].support_vectors_.shape[1]))
            weight = np.zeros((len(parts), len(used)))
            for row, part in enumerate(parts):
                places = np.searchsorted(used, part.support_)
                support_vectors[places] = part.support_vectors_
                weight[row, places] = part.dual_coef_[0]
        if len(bias) == 1:  # with two classes scikit-learn keeps the second one's score only
            weight, bias = np.concatenate([-weight, weight]), np.concatenate([-bias, bias])
        self._set("weight", weight)
        self._set("bias", bias)
        self._set("support_vectors", support_vectors)
        self._set("gamma", [gamma])

    def _set(self, name: str, values: np.ndarray | list) -> None:
        device = self.bias.device
        # Contiguous, as they come back from a file: sums in another order round differently.
        values = np.ascontiguousarray(values)
        setattr(self, name, torch.tensor(values, dtype=_precise(device), device=device))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Identity scores (B, C) from embeddings (B, D), as `decision_function` gives them."""
        if not self.fitted:
            raise FacetrialError("the SVM is not fitted; train the recogniser first: python train.py.")
        features = embeddings.to(self.weight.dtype)
        if self.kernel == "rbf":
            squared = (
                features.square().sum(1, keepdim=True)
                + self.support_vectors.square().sum(1)
                - 2 * features @ self.support_vectors.T
            )
            features = torch.exp(-self.gamma * squared.clamp(min=0))
        return (features @ self.weight.T + self.bias).to(embeddings.dtype)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *arguments) -> None:
        # The buffers' shapes are known only once they are fitted: take those of the file.
        device = self.bias.device
        for name in _FITTED:
            if (stored := state_dict.get(prefix + name)) is not None:
                setattr(self, name, torch.empty(stored.shape, dtype=_precise(device), device=device))
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def _apply(self, fn, recurse: bool = True):
        # .half() or .float() of the whole model must not cost the SVM its precision, and a device without float64
        # must not stop it: of what `fn` does to tensors, the fitted numbers take over the device only.
        device = fn(torch.zeros(0, device=self.bias.device)).device
        for name in _FITTED:
            setattr(self, name, getattr(self, name).to(device=device, dtype=_precise(device)))
        return self


def _precise(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type == "mps" else torch.float64
