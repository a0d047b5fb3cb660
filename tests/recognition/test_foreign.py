"""Other people's networks and functions as victims: each is taken as it is, or refused with what is wrong."""

import copy
import functools
import warnings

import pytest
import torch
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.foreign import Function, as_victim, check_eval_mode, other_types
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from tests.helpers.victims import Linear, pictures, trained

IMAGES = pictures(3)[0]


class Says(nn.Module):
    """What `output` makes of a classifier's scores (B, 6)."""

    def __init__(self, output) -> None:
        super().__init__()
        self.network = trained()
        self.output = output
        self.eval()

    def forward(self, images: Tensor):
        return self.output(self.network(images))


class Called:
    def __call__(self, images):
        return trained()(images)


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and people have it
        return torch.jit.script(copy.deepcopy(trained()))


def traced() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(copy.deepcopy(trained()), IMAGES)


@pytest.mark.parametrize(
    "given",
    [
        trained(),
        lambda images: trained()(images),
        trained().forward,
        functools.partial(trained()),
        Called(),
        scripted(),
        traced(),
        Says(lambda scores: scores.half()),
        Says(lambda scores: scores.double()),
        Says(lambda scores: (100 * scores).long()),
        Says(lambda scores: scores * torch.nan),
    ],
)
def test_what_gives_scores_is_a_victim(given):
    victim, people = as_victim(given, IMAGES)
    assert people == 6
    assert isinstance(victim, nn.Module)
    assert not victim.training
    assert (victim is given) == isinstance(given, nn.Module)
    scores = given(IMAGES)
    assert torch.equal(victim(IMAGES).nan_to_num(), scores.nan_to_num())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "found a NoneType"),
        ("model.pt", "found a str"),
        (Linear, "found the class Linear"),
        (Says(lambda scores: (scores, scores)), r"gave a tuple of 2 .*lambda images: victim\(images\)\[0\]"),
        (
            Says(lambda scores: {"loss": None, "logits": scores}),
            r"a dict with 'loss', 'logits'.*\['logits'\]",
        ),
        (Says(lambda scores: [1]), r"gave a list of 1 for images .*a tensor\.$"),
        (Says(lambda scores: scores.numpy()), "gave a ndarray"),
        (Says(lambda scores: scores.to_sparse()), r"torch\.sparse_coo for images .*scores\.to_dense\(\)"),
        (Says(lambda scores: None), "gave nothing"),
        (Says(lambda scores: scores[:, :1]), r"gave 1 score a picture.*torch\.cat\(\[-s, s\], 1\)"),
        (Says(lambda scores: scores[:, :0]), "gave 0 score"),
        (Says(lambda scores: scores[:, 0]), r"of shape \(1,\).*expected scores \(1, C\)"),
        (Says(lambda scores: scores.squeeze()), r"of shape \(6,\) for images \(1, 3, 16, 16\)"),
        (Says(lambda scores: scores.T), r"of shape \(6, 1\)"),
        (Says(lambda scores: scores[:, :, None]), r"of shape \(1, 6, 1\)"),
        (Says(lambda scores: scores.to(torch.complex64)), "gave torch.complex64"),
        (Says(lambda scores: scores[:, : 2 + len(scores)]), "scored 3 people, then 4"),
        (Says(lambda scores: {}["key"]), "cannot score images .*: KeyError: 'key'"),
        (Says(lambda scores: 1 / 0), "ZeroDivisionError"),
        (lambda images: trained()(images.sub_(0.5)), "writes into the pictures"),
    ],
)
def test_what_gives_none_is_refused(given, said):
    with pytest.raises(FacetrialError, match=said):
        as_victim(given, IMAGES)
    assert torch.equal(IMAGES, pictures(3)[0])


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16])
def test_weights_of_another_type_are_named(kind):
    network = copy.deepcopy(trained()).to(kind)
    with pytest.raises(
        FacetrialError, match=rf"Its weights are {kind}, and pictures are float32: call float\(\)"
    ):
        as_victim(network, IMAGES)
    assert as_victim(network.float(), IMAGES)[1] == 6
    assert other_types(network) == ""


def test_pictures_of_another_size_are_named():
    with pytest.raises(
        FacetrialError, match=r"cannot score images \(1, 3, 20, 20\).*Give pictures of the size"
    ):
        as_victim(Linear(), torch.rand(3, 3, 20, 20))


def test_weights_without_slopes_are_named():
    with torch.inference_mode():
        network = copy.deepcopy(trained())
    with pytest.raises(FacetrialError, match=r"made under torch\.inference_mode"):
        as_victim(network, IMAGES)


class DropsPath(nn.Module):
    """Draws in train mode, by its own code."""

    def forward(self, features: Tensor) -> Tensor:
        return self._dropped(features)

    def _dropped(self, features: Tensor) -> Tensor:
        return features * torch.rand(len(features), 1, 1, 1).round() if self.training else features


class Decorated(nn.Module):
    @torch.autocast("cpu", enabled=False)
    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.dropout(features, 0.5, self.training)


MOVES = [
    nn.BatchNorm2d(3),
    nn.InstanceNorm2d(3, track_running_stats=True),
    nn.Dropout2d(),
    DropsPath(),
    Decorated(),
]


@pytest.mark.parametrize("layer", MOVES, ids=lambda layer: type(layer).__name__)
class TestOneLayerInTrainMode:
    """The network says that it is in eval mode; one layer is not."""

    def network(self, layer: nn.Module) -> nn.Module:
        network = nn.Sequential(copy.deepcopy(layer), copy.deepcopy(trained())).eval()
        network[0].train()
        return network

    def test_it_is_refused_by_name(self, layer):
        network = self.network(layer)
        with pytest.raises(FacetrialError, match=rf"layer 0 \({type(layer).__name__}\) is in train mode"):
            as_victim(network, IMAGES)
        with pytest.raises(FacetrialError, match=rf"layer owner\.0 \({type(layer).__name__}\)"):
            as_victim(network.forward, IMAGES)
        assert as_victim(network.eval(), IMAGES)[1] == 6

    def test_it_is_found_inside_a_function_before_it_moves(self, layer):
        network = self.network(layer)
        before = copy.deepcopy(network.state_dict())
        with pytest.raises(FacetrialError, match=f"runs {type(layer).__name__} in train mode"):
            as_victim(lambda images: network(images), IMAGES)
        after = network.state_dict()
        assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_layers_without_a_mode_may_say_what_they_like():
    victim = Victim(trained(), nn.Linear(6, 4), list("abcd")).eval()
    victim.head = GalleryHead(torch.rand(4, 6))
    assert victim.head.training
    check_eval_mode(victim)
    victim.head = nn.Sequential(nn.Linear(6, 4), nn.ReLU())
    check_eval_mode(victim)


def test_a_script_in_train_mode_cannot_be_looked_into():
    class Wraps(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = scripted()

        def forward(self, images):
            return self.inner(images)

    victim = Wraps().eval()
    check_eval_mode(victim)
    victim.inner.train()
    with pytest.raises(FacetrialError, match=r"layer inner .* is in train mode"):
        check_eval_mode(victim)


def test_only_a_module_has_a_mode():
    with pytest.raises(FacetrialError, match=r"the surrogate must be a torch\.nn\.Module, found a function"):
        check_eval_mode(lambda images: images, "surrogate")


def test_a_method_brings_the_module_that_it_is_of():
    network = copy.deepcopy(trained())
    function = Function(network.forward)
    assert list(function.parameters()) == list(network.parameters())
    copied = copy.deepcopy(function)
    with torch.no_grad():
        network[0].weight.zero_()
        assert torch.equal(copied(IMAGES), trained()(IMAGES))
