"""Which blocks of an embedder learn, and at what rate."""

import functools

import pytest
import torch
import torch.nn.functional as F

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.svm_head import SVMHead
from facetrial.training.lightning_module import Recognizer
from facetrial.training.margin_softmax import MarginSoftmax
from tests.helpers.faces import some_faces


def recognizer(embedder, trainable, epochs=3):
    loss = MarginSoftmax(embedder.dimension, 3)
    optimizer = functools.partial(torch.optim.SGD, lr=0.1)
    return Recognizer(embedder, SVMHead(), loss, optimizer, trainable, epochs)


@pytest.mark.parametrize("make", [MobileFaceNet, functools.partial(InceptionResnetV1, dimension=128)])
def test_only_the_last_blocks_learn_and_the_rest_is_frozen_with_its_statistics(make):
    embedder = make()
    last_blocks = type(embedder).last_blocks  # which are trained where the others come with weights
    module = recognizer(embedder, last_blocks).train()
    before = {name: value.clone() for name, value in embedder.state_dict().items()}
    optimizer = module.configure_optimizers()["optimizer"]
    batch = some_faces(2, size=embedder.size)
    F.cross_entropy(
        module.loss.scale * module(batch.images) @ module.loss.centres.T, batch.identities
    ).backward()
    optimizer.step()
    changed = {name for name, value in embedder.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith(last_blocks) for name in changed)
    assert any("running_mean" in name for name in changed)
    assert not module.eval().embedder.training


def test_all_modules_come_back_to_training_that_should():
    embedder = MobileFaceNet()
    module = recognizer(embedder, ("head_",))
    module.eval()
    module.train()
    assert embedder.head_bn.training
    assert not embedder.stages[2].down.expand.bn.training


def test_the_rate_falls_to_zero_over_the_epochs():
    module = recognizer(MobileFaceNet(), ("head_",), epochs=4)
    configured = module.configure_optimizers()
    rates = []
    for _ in range(5):
        rates.append(configured["optimizer"].param_groups[0]["lr"])
        configured["optimizer"].step()
        configured["lr_scheduler"].step()
    assert rates == pytest.approx([0.1, 0.0853553, 0.05, 0.0146447, 0.0], abs=1e-6)


def test_nothing_to_train_is_a_mistake():
    with pytest.raises(FacetrialError, match=r"model\.trainable.*head_bn.*stages"):
        recognizer(MobileFaceNet(), ("heads",))


@pytest.mark.parametrize("make", [MobileFaceNet, functools.partial(InceptionResnetV1, dimension=128)])
def test_from_chance_every_block_learns(make):
    embedder = make()
    recognizer(embedder, embedder.last_blocks)
    assert all(parameter.requires_grad for parameter in embedder.parameters())
