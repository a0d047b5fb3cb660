"""A linear projection of embeddings to fewer dimensions, started from their principal components."""

import torch
from torch import Tensor, nn


class Projection(nn.Module):
    """Embeddings (B, D) to (B, d), by a linear map that training may go on with.

    Args:
        inputs: D.
        outputs: d.
    """

    started: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.register_buffer("started", torch.tensor(False))

    def start(self, embeddings: Tensor) -> None:
        """Sets the map to the first principal components of embeddings (N, D), about their mean."""
        precise = embeddings.detach().cpu().double()  # some devices have no float64
        mean = precise.mean(0)
        _, _, components = torch.linalg.svd(precise - mean, full_matrices=False)
        weight = components[: self.linear.out_features]
        self.linear.weight.data[: len(weight)] = weight.to(self.linear.weight)
        self.linear.weight.data[len(weight) :] = 0.0
        self.linear.bias.data.copy_(-(self.linear.weight.detach().cpu().double() @ mean))
        self.started.fill_(True)

    def forward(self, embeddings: Tensor) -> Tensor:
        return self.linear(embeddings)
