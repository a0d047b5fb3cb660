"""Adversarial training in small: the data, the recogniser in training, and what it is given."""

from types import SimpleNamespace

import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.defenses.trained.adversarial_data import AdversarialFaces
from facetrial.recognition.embedders.small import SmallEmbedder
from facetrial.recognition.svm_head import SVMHead
from facetrial.regions.regions import Everywhere
from facetrial.training.lightning_module import Recognizer
from facetrial.training.margin_softmax import MarginSoftmax
from tests.helpers.tiny import ColouredPeople

COUNTED = "+callbacks.epochs._target_=tests.helpers.tiny.Epochs"


def data_and_module(attack=None, **settings):
    """Coloured people that are perturbed in training, and a small recogniser in train mode."""
    torch.manual_seed(0)
    faces = ColouredPeople(batch_size=8)
    faces.setup()
    attack = attack or Attack(Everywhere(), Linf(16), PGD(Margin(), 4, 0.5, early_stop=False))
    data = AdversarialFaces(faces, attack, **({"fraction": 1.0, "seed": 0} | settings))
    embedder = SmallEmbedder(size=32, dimension=8, channels=4)
    module = Recognizer(embedder, SVMHead(), MarginSoftmax(8, 3), torch.optim.Adam, ("",), 1)
    return data, module.train()


def of_training(data, module, epoch=0):
    """What training in `epoch` is given of the first batch."""

    class Trainer:
        training, current_epoch, lightning_module = True, epoch, module
        strategy = SimpleNamespace(root_device=torch.device("cpu"))

    data.trainer = Trainer()
    batch = next(iter(data.clean_faces.loader(data.train_faces)))
    return batch, data.on_after_batch_transfer(batch, 0)
