"""The head is fitted on the final embedder's training pictures."""

import functools

import numpy as np
import pytest
import torch
from lightning import Trainer
from torch import nn

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.noise import Gaussian
from facetrial.attacks.budgets.l2 import RMS
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import Margin
from facetrial.defenses.trained.adversarial_data import AdversarialFaces
from facetrial.recognition.embedders.projection import Projection
from facetrial.recognition.embedders.small import SmallEmbedder
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.svm_head import SVMHead
from facetrial.regions.regions import Everywhere
from facetrial.training.fit_head import FitHead
from facetrial.training.lightning_module import Recognizer
from facetrial.training.margin_softmax import MarginSoftmax
from tests.helpers.tiny import ColouredPeople


class Projected(nn.Module):
    """A small embedder with a projection, as Inception-ResNet has it."""

    dimension = 3
    last_blocks = ("projection",)

    def __init__(self):
        super().__init__()
        self.unprojected = SmallEmbedder(size=32, dimension=8, channels=4)
        self.projection = Projection(8, 3)

    def forward(self, images):
        return nn.functional.normalize(self.projection(self.unprojected(images)))


def fit(datamodule, epochs, embedder=None, head=None):
    embedder = embedder or SmallEmbedder(size=32, dimension=8, channels=4)
    module = Recognizer(
        embedder,
        head or SVMHead(),
        MarginSoftmax(embedder.dimension, 3),
        functools.partial(torch.optim.SGD, lr=0.01),
        embedder.last_blocks,
        epochs,
    )
    trainer = Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        callbacks=[FitHead()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
    )
    trainer.fit(module, datamodule=datamodule)
    return module


@pytest.mark.parametrize("epochs", [0, 2])
def test_the_head_is_fitted_on_the_final_embedders_training_pictures(epochs):
    data = ColouredPeople()
    module = fit(data, epochs)
    images = data.train_faces.batch(range(len(data.train_faces)))
    with torch.no_grad():
        embeddings = module.embedder.eval()(images.images)
    again = SVMHead()
    again.fit(embeddings.double().numpy(), images.identities.numpy())
    assert torch.allclose(module.head.weight, again.weight, atol=1e-4)


@pytest.mark.parametrize(
    "attack",
    [
        Attack(Everywhere(), RMS(0.1), Gaussian()),
        Attack(Everywhere(), Linf(8), PGD(Margin(), 2, 0.5)),  # asks the gallery of the clean ones
    ],
)
def test_a_gallery_is_enrolled_of_perturbed_copies_too(attack):
    data = ColouredPeople()
    faces = AdversarialFaces(data, attack, fraction=1.0, seed=0)
    module = fit(faces, 0, head=GalleryHead(scale=24.0))
    images = data.train_faces.batch(range(len(data.train_faces)))
    with torch.no_grad():
        embeddings = module.embedder.eval()(images.images)
    clean = GalleryHead()
    clean.fit(embeddings.double().numpy(), images.identities.numpy())
    cosines = (module.head.gallery * clean.gallery).sum(1)
    assert (cosines > 0.5).all()
    assert (cosines < 1 - 1e-5).all()


@pytest.mark.parametrize("epochs", [0, 1])
def test_under_adversarial_training_it_sees_perturbed_copies_too(epochs, monkeypatch):
    seen = []
    monkeypatch.setattr(SVMHead, "fit", lambda self, vectors, identities: seen.append((vectors, identities)))
    data = ColouredPeople()
    fit(AdversarialFaces(data, Attack(Everywhere(), RMS(0.1), Gaussian()), fraction=1.0, seed=0), epochs)
    [(vectors, identities)] = seen
    assert len(vectors) == 2 * len(data.train_faces)
    assert np.array_equal(np.bincount(identities), 2 * np.bincount(data.train_faces.identities))


def test_what_perturbs_may_take_gradients():
    class WithGradients(ColouredPeople):
        def head_batches(self):
            for batch in super().head_batches():
                assert torch.is_grad_enabled()
                yield batch

    assert fit(WithGradients(), 0).head.fitted


def test_a_projection_starts_from_the_training_pictures_components():
    data, embedder = ColouredPeople(), Projected()
    fit(data, 0, embedder)
    assert embedder.projection.started
    images = data.train_faces.batch(range(len(data.train_faces))).images
    with torch.no_grad():
        projected = embedder.projection(embedder.unprojected.eval()(images)).double().numpy()
    assert np.abs(projected.mean(0)).max() < 1e-5
    covariance = np.cov(projected.T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-3 * covariance.max()
    assert (np.diff(np.diag(covariance)) <= 0).all()


@pytest.mark.parametrize(("epochs", "passes"), [(0, 1), (1, 2)])
def test_pictures_are_embedded_again_only_after_training(epochs, passes):
    class Counted(ColouredPeople):
        passes = 0

        def head_batches(self):
            self.passes += 1
            yield from super().head_batches()

    data, embedder = Counted(), Projected()
    head = fit(data, epochs, embedder).head
    assert data.passes == passes
    faces = data.train_faces.batch(range(len(data.train_faces)))
    with torch.no_grad():
        embeddings = embedder.eval()(faces.images)
    again = SVMHead()
    again.fit(embeddings.double().numpy(), faces.identities.numpy())
    assert torch.allclose(head.weight, again.weight, atol=1e-4)


def test_a_projection_that_was_trained_is_not_started_again():
    embedder = Projected()
    embedder.projection.start(torch.randn(20, 8))
    before = embedder.projection.linear.weight.clone()
    fit(ColouredPeople(), 0, embedder)
    assert torch.equal(embedder.projection.linear.weight, before)
