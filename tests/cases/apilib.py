"""What the cases of the Python API share: a small classifier, pictures, an attack, and a judge of what calls do."""

import sys
from collections.abc import Callable
from typing import Any

import torch
from named import named
from torch import Tensor, nn

import facetrial

Everywhere, FacetrialError, Linf, Margin, PGD = named("Everywhere", "FacetrialError", "Linf", "Margin", "PGD")

torch.manual_seed(0)
torch.set_num_threads(1)


class Classifier(nn.Module):
    """Scores of five people, from weights that nobody trained."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 5, stride=4)
        self.linear = nn.Linear(8, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.linear(torch.tanh(self.convolution(images)).mean((2, 3)))


def classifier() -> nn.Module:
    return Classifier().eval()


IMAGES = torch.rand(6, 3, 40, 40)
NUMBER_ZERO = torch.zeros(6, dtype=torch.long)  # as the identity of every image


def recognised(victim: nn.Module) -> Tensor:
    """Whom the victim takes each image for."""
    with torch.no_grad():
        return victim(IMAGES).argmax(1)


def pgd(eps: float = 8, steps: int = 5) -> facetrial.Attack:
    return facetrial.Attack(Everywhere(), Linf(eps), PGD(Margin(), steps=steps, step=0.25))


_faults: list[str] = []


def fault(line: str) -> None:
    """Says what is wrong; the case fails at its `end`."""
    _faults.append(line)
    print("BAD     ", line)


def try_call(name: str, call: Callable[[], Any], must_be_refused: bool = False) -> Any:
    """What a call returns that may work or be refused with a FacetrialError; another exception is a fault."""
    try:
        result = call()
    except FacetrialError as error:
        print("refused ", name, "-", str(error)[:110])
        return None
    except Exception as error:
        fault(f"{name} - {type(error).__name__} {str(error)[:110]}")
        return None
    if must_be_refused:
        fault(f"{name} - not refused")
    else:
        print("works   ", name)
    return result


def end() -> None:
    """Ends the case: with 0 where there was no fault."""
    sys.exit(bool(_faults))
