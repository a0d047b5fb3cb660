import facenet_pytorch
import numpy as np
import pytest
import torch
from facenet_pytorch.models import inception_resnet_v1 as published
from safetensors.torch import load_file
from sklearn.decomposition import PCA

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.inception_resnet_v1 import InceptionResnetV1
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.embedders.projection import Projection
from facetrial.recognition.embedders.small import SmallEmbedder
from tests.helpers.real import FACENET, FIVE_POINTS, lfw_faces

INCEPTION = "inception_resnet_v1_vggface2.safetensors"
MOBILE = "mobilefacenet_y1.safetensors"


@pytest.mark.parametrize(
    "make",
    [SmallEmbedder, MobileFaceNet, lambda: InceptionResnetV1(dimension=128)],
    ids=["small", "mobilefacenet", "inception-128"],
)
def test_unit_norm_and_gradients_at_every_pixel(make):
    network = make().eval()
    images = torch.rand(1, 3, network.size, network.size, requires_grad=True)
    embeddings = network(images)
    assert embeddings.shape == (1, network.dimension)
    assert embeddings.norm(dim=1).detach() == pytest.approx([1.0], abs=1e-5)
    embeddings[:, 0].sum().backward()
    assert images.grad.isfinite().all()
    assert (images.grad != 0).float().mean() > 0.5
    last = [name for name, _ in network.named_parameters() if name.startswith(tuple(network.last_blocks))]
    assert last


def test_mobilefacenet_has_the_layers_of_the_shared_weights(shared):
    stored = load_file(shared / "weights" / MOBILE)
    own = {n: t.shape for n, t in MobileFaceNet().state_dict().items() if "num_batches" not in n}
    assert own == {name: tensor.shape for name, tensor in stored.items()}


def test_mobilefacenet_takes_112_pixels_only():
    with pytest.raises(FacetrialError, match=r"embedder\.size.*112.*160"):
        MobileFaceNet(size=160)


def same_and_other(network, images, identities):
    """Each picture's mean cosine with the same person's other pictures, and with other people's."""
    with torch.no_grad():
        embeddings = network.eval()(images)
    cosines = embeddings @ embeddings.T
    same = identities[:, None] == identities
    other = cosines.masked_fill(same, 0).sum(1) / (~same).sum(1)
    same.fill_diagonal_(False)
    return cosines.masked_fill(~same, 0).sum(1) / same.sum(1), other


@pytest.mark.real
def test_mobilefacenet_tells_people_apart(shared):
    faces = lfw_faces(shared, people=6, pictures=4, size=112, box=FIVE_POINTS)
    same, other = same_and_other(MobileFaceNet(shared / "weights" / MOBILE), *faces)
    assert same.mean() > other.mean() + 0.25
    assert (same > other).float().mean() > 0.95


@pytest.mark.real
def test_inception_loads_the_shared_weights_and_tells_people_apart(shared):
    images, identities = lfw_faces(shared, people=3, pictures=3, size=160, box=FACENET)
    network = InceptionResnetV1(shared / "weights" / INCEPTION)
    same, other = same_and_other(network, images, identities)
    assert same.mean() > other.mean() + 0.25
    assert (same > other).float().mean() > 0.95

    reference = facenet_pytorch.InceptionResnetV1(classify=False).eval()
    stored = {name: tensor.float() for name, tensor in load_file(shared / "weights" / INCEPTION).items()}
    assert not reference.load_state_dict(stored, strict=False).unexpected_keys
    with torch.no_grad():
        expected = reference((images[:2] * 255 - 127.5) / 128)
        assert torch.allclose(network(images[:2]), expected, atol=1e-6)


def test_published_weights_are_downloaded_by_facenet_pytorch(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    donor = facenet_pytorch.InceptionResnetV1(classify=False)
    donor.logits = torch.nn.Linear(512, 8631)

    def download(url, file):
        assert "vggface2" in url
        torch.save(donor.state_dict(), file)

    monkeypatch.setattr(published, "download_url_to_file", download)
    network = InceptionResnetV1("vggface2")
    assert torch.equal(network.network.last_linear.weight, donor.last_linear.weight)
    assert not any("logits" in name for name in network.state_dict())


def test_a_download_that_fails_is_explained(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def download(url, file):
        raise OSError("Name or service not known")

    monkeypatch.setattr(published, "download_url_to_file", download)
    with pytest.raises(FacetrialError, match=r"embedder\.weights=FILE"):
        InceptionResnetV1("vggface2")


@pytest.mark.parametrize("dimension", [0, 513])
def test_a_senseless_dimension(dimension):
    with pytest.raises(FacetrialError, match=r"embedder\.dimension"):
        InceptionResnetV1(dimension=dimension)


class TestProjection:
    def test_starts_at_the_principal_components(self):
        vectors = np.random.default_rng(0).normal(size=(200, 12)) * np.linspace(3, 1, 12) + 5
        projection = Projection(12, 4)
        assert not projection.started
        projection.start(torch.as_tensor(vectors).float())
        assert projection.started
        expected = PCA(4, svd_solver="full").fit_transform(vectors)
        found = projection(torch.as_tensor(vectors).float()).detach().numpy()
        signs = np.sign((found * expected).sum(0))
        assert np.abs(found * signs - expected).max() < 1e-3

    def test_fewer_pictures_than_dimensions(self):
        projection = Projection(12, 8)
        vectors = torch.randn(5, 12)
        projection.start(vectors)
        found = projection(vectors)
        assert found.isfinite().all()
        assert found[:, 5:].abs().max() < 1e-6

    def test_training_may_go_on_with_it(self):
        projection = Projection(6, 2)
        projection.start(torch.randn(20, 6))
        projection(torch.randn(3, 6)).sum().backward()
        assert projection.linear.weight.grad is not None
