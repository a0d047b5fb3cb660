"""The SVM head: scores, predictions and slopes as scikit-learn has them, kept in float64."""

import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from facetrial.core.errors import FacetrialError
from facetrial.recognition import svm_head
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.svm_head import SVMHead
from tests.helpers.real import FIVE_POINTS, lfw_faces


def embeddings(people, count, dimension=16, spread=0.7, seed=0):
    """Unit-norm embeddings (N, D) around a centre for each person, and identities (N,)."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(people, dimension))
    identities = np.arange(count) % people
    vectors = centres[identities] + spread * generator.normal(size=(count, dimension))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), identities


def assert_as_scikit_learn(head, estimator, vectors):
    found = head(torch.as_tensor(vectors))
    expected = estimator.decision_function(vectors)
    if expected.ndim == 1:  # two classes
        assert torch.equal(found[:, 0], -found[:, 1])
        found_scores = found[:, 1]
    else:
        found_scores = found
    assert np.abs(found_scores.numpy() - expected).max() < 1e-10
    assert np.array_equal(found.argmax(1).numpy(), estimator.predict(vectors))
    in_float32 = head(torch.as_tensor(vectors).float())
    assert in_float32.dtype == torch.float32
    assert (in_float32 - found).abs().max() < 1e-5


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("people", [2, 3, 20])
def test_scores_and_predictions_are_those_of_scikit_learn(kernel, people):
    head = SVMHead(kernel)
    estimator = head.fit(*embeddings(people, 12 * people))
    assert head.num_classes == people
    assert_as_scikit_learn(head, estimator, embeddings(people, 300, seed=2)[0])


def test_settings_reach_scikit_learn():
    vectors, identities = embeddings(4, 60)
    head = SVMHead("rbf", c=0.3, gamma=2.5)
    estimator = head.fit(vectors, identities)
    assert head.gamma.item() == 2.5
    assert_as_scikit_learn(head, estimator, vectors)
    assert SVMHead(c=0.01).estimator().C == 0.01


def test_a_support_vector_of_many_identities_is_kept_once():
    vectors, identities = embeddings(10, 80)
    head = SVMHead("rbf")
    head.fit(np.concatenate([vectors, vectors]), np.concatenate([identities, identities]))
    assert len(head.support_vectors) <= 160
    assert head.weight.shape == (10, len(head.support_vectors))


@pytest.mark.real
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_real_embeddings(real_embeddings, kernel):
    vectors, identities = real_embeddings
    fitted_on, judged = np.arange(len(vectors)) % 4 != 0, np.arange(len(vectors)) % 4 == 0
    head = SVMHead(kernel)
    estimator = head.fit(vectors[fitted_on], identities[fitted_on])
    assert_as_scikit_learn(head, estimator, vectors)
    assert (estimator.predict(vectors[judged]) == identities[judged]).mean() > 0.9


@pytest.fixture(scope="module")
def real_embeddings(shared):
    images, identities = lfw_faces(shared, people=20, pictures=10, size=112, box=FIVE_POINTS)
    network = MobileFaceNet(shared / "weights" / "mobilefacenet_y1.safetensors").eval()
    with torch.no_grad():
        return torch.cat([network(part) for part in images.split(50)]).double().numpy(), identities.numpy()


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("people", [2, 5])
def test_gradients_agree_with_finite_differences(kernel, people):
    head = SVMHead(kernel)
    head.fit(*embeddings(people, 40, dimension=6))
    vectors = torch.as_tensor(embeddings(people, 4, dimension=6, seed=3)[0]).requires_grad_()
    assert torch.autograd.gradcheck(head, vectors)


def test_a_gradient_at_a_support_vector_is_finite():
    vectors, identities = embeddings(3, 30)
    head = SVMHead("rbf")
    head.fit(vectors, identities)
    at_one = head.support_vectors[:2].clone().requires_grad_()
    head(at_one).sum().backward()
    assert at_one.grad.isfinite().all()


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_round_trip_of_the_state_dict(kernel):
    vectors, identities = embeddings(5, 60)
    head = SVMHead(kernel)
    head.fit(vectors, identities)
    file = io.BytesIO()
    torch.save(head.state_dict(), file)
    file.seek(0)
    again = SVMHead(kernel)
    assert not again.fitted
    again.load_state_dict(torch.load(file, weights_only=True))
    assert again.fitted
    assert again.num_classes == 5
    assert torch.equal(again(torch.as_tensor(vectors)), head(torch.as_tensor(vectors)))


def test_inside_a_model_and_loaded_over_another_fit():
    model = torch.nn.ModuleDict({"head": SVMHead()})
    model["head"].fit(*embeddings(3, 30))
    state = {name: value.clone() for name, value in model.state_dict().items()}
    model["head"].fit(*embeddings(7, 70))
    model.load_state_dict(state)
    assert model["head"].num_classes == 3


def test_a_state_in_float32_comes_back_in_float64():
    head = SVMHead("rbf")
    head.fit(*embeddings(3, 30))
    again = SVMHead("rbf")
    again.load_state_dict({name: value.float() for name, value in head.state_dict().items()})
    assert {buffer.dtype for buffer in again.buffers()} == {torch.float64}


@pytest.mark.parametrize(
    "change", [torch.nn.Module.half, torch.nn.Module.float, torch.nn.Module.bfloat16, torch.nn.Module.cpu]
)
def test_changing_the_models_type_costs_no_precision(change):
    vectors, identities = embeddings(4, 40)
    head = SVMHead("rbf")
    head.fit(vectors, identities)
    before = head(torch.as_tensor(vectors))
    change(torch.nn.Sequential(head))
    assert torch.equal(head(torch.as_tensor(vectors)), before)


def test_moving_to_another_device_and_type_at_once():
    head = SVMHead()
    head.fit(*embeddings(3, 30))
    head.to("meta", torch.float16)
    assert {(b.device.type, b.dtype) for b in head.buffers()} == {("meta", torch.float64)}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_on_a_gpu(kernel):
    vectors, identities = embeddings(20, 200)
    head = SVMHead(kernel)
    estimator = head.fit(vectors, identities)
    head.cuda()
    found = head(torch.as_tensor(vectors, device="cuda")).cpu()
    assert np.abs(found.numpy() - estimator.decision_function(vectors)).max() < 1e-10
    with torch.autocast("cuda", torch.float16):
        in_autocast = head(torch.as_tensor(vectors, device="cuda").float()).cpu()
    assert (in_autocast - found).abs().max() < 1e-5


def test_gradients_reach_the_embeddings_through_normalisation():
    head = SVMHead()
    head.fit(*embeddings(3, 30))
    raw = torch.randn(4, 16, requires_grad=True)
    head(F.normalize(raw)).max(1).values.sum().backward()
    assert (raw.grad.abs().sum(1) > 0).all()


def test_tensors_and_lists_are_fitted_as_arrays():
    embeddings, identities = np.random.default_rng(0).normal(size=(6, 4)), [0, 1, 2, 0, 1, 2]
    heads = [SVMHead() for _ in range(2)]
    heads[0].fit(embeddings, np.array(identities))
    heads[1].fit(torch.from_numpy(embeddings), identities)
    assert all(
        torch.equal(value, heads[1].state_dict()[name]) for name, value in heads[0].state_dict().items()
    )


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_balanced_a_person_of_few_pictures_counts_as_much(kernel):
    generator = np.random.default_rng(0)
    identities = np.repeat([0, 1, 2], [4, 40, 40])
    vectors = 0.8 * generator.normal(size=(84, 16)) + np.eye(16)[identities]
    plain, balanced = SVMHead(kernel), SVMHead(kernel, class_weight="balanced")
    plain.fit(vectors, identities)
    estimator = balanced.fit(vectors, identities)
    tested = torch.as_tensor(0.8 * generator.normal(size=(200, 16)) + np.eye(16)[0])
    own, fair = plain(tested), balanced(tested)
    assert np.abs(fair.numpy() - estimator.decision_function(tested)).max() < 1e-5
    assert (fair.argmax(1) == 0).sum() > 1.2 * (own.argmax(1) == 0).sum()


class TestMistakes:
    def test_not_fitted(self):
        with pytest.raises(FacetrialError, match="not fitted"):
            SVMHead()(torch.zeros(1, 4))

    def test_unknown_kernel(self):
        with pytest.raises(FacetrialError, match=r"model\.head\.kernel.*'poly'"):
            SVMHead("poly")

    @pytest.mark.parametrize("identities", [[0, 0, 0], [0, 2, 2], [1, 2, 2]])
    def test_people_missing(self, identities):
        with pytest.raises(FacetrialError, match="every identity"):
            SVMHead().fit(np.eye(3), np.array(identities))

    @pytest.mark.parametrize("identities", [[0, 1], [[0], [1], [0]], 1])
    def test_shapes_that_do_not_fit(self, identities):
        with pytest.raises(
            FacetrialError, match=r"embeddings \(N, D\) and identities \(N,\), found \(3, 4\)"
        ):
            SVMHead().fit(np.ones((3, 4)), identities)

    def test_embeddings_that_are_not_finite(self):
        with pytest.raises(FacetrialError, match="not finite"):
            SVMHead().fit(np.array([[np.nan, 0.0], [0.0, 1.0]]), np.array([0, 1]))


def test_an_svm_that_takes_long_says_so_before(monkeypatch, caplog):
    monkeypatch.setattr(svm_head, "_LONG", 10)
    SVMHead().fit(np.eye(4), np.array([0, 0, 1, 1]))
    assert (
        "SVM of 2 people and 4 embeddings takes 32 minutes or more to fit; model/head=gallery" in caplog.text
    )
    caplog.clear()
    monkeypatch.undo()
    SVMHead().fit(np.eye(4), np.array([0, 0, 1, 1]))
    assert caplog.text == ""
