"""Layers with faster slopes give PyTorch's values and slopes, wherever PyTorch's own layers can stand."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.fast_copy import FastCopy, folded
from facetrial.recognition.faster_layers import InFloat32, PReLU, prelu, with_faster_slopes

SHAPES = ((4, 6), (3, 6, 5), (3, 6, 5, 7), (2, 6, 3, 4, 5))


def slopes_of(function, features, weight, upstream):
    return torch.autograd.grad(function(features, weight), (features, weight), upstream)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_are_prelus_to_the_bit_and_slopes_are_its_own(shape, count, dtype):
    features = torch.randn(shape, dtype=dtype)
    features[0, 0] = 0.0  # where the slope is the weight's
    features.requires_grad_(True)
    weight = torch.linspace(-0.3, 1.4, 6, dtype=dtype)[:count].clone().requires_grad_(True)
    upstream = torch.randn(shape, dtype=dtype)
    assert torch.equal(prelu(features, weight), F.prelu(features, weight))
    found, wanted = (slopes_of(of, features, weight, upstream) for of in (prelu, F.prelu))
    near = {"rtol": 2e-2, "atol": 2e-2} if dtype == torch.bfloat16 else {}
    torch.testing.assert_close(found[0], wanted[0], **near)
    torch.testing.assert_close(found[1], wanted[1], **(near and {"rtol": 5e-2, "atol": 0.2}))
    assert found[1].shape == weight.shape
    assert found[1].dtype == dtype


def test_slopes_of_slopes_and_of_each_picture_alone_are_prelus_too():
    features = torch.randn(3, 4, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(prelu, (features, weight))
    assert torch.autograd.gradgradcheck(prelu, (features, weight))
    each = torch.func.vmap(torch.func.grad(lambda one: prelu(one[None], weight).square().sum()))
    torch.testing.assert_close(each(features.detach()), 2 * F.prelu(features, weight) * features.sign().where(
        features > 0, weight[None, :, None].expand_as(features)))  # fmt: skip


def test_the_layer_takes_the_place_of_pytorchs_with_its_weights_and_its_name():
    shared = nn.PReLU(4)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), shared, nn.Conv2d(4, 4, 1), shared, nn.PReLU()).eval()
    before = copy.deepcopy(network.state_dict())
    images = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        wanted = network(images)
        with_faster_slopes(network)
        assert torch.equal(network(images), wanted)
    assert [type(layer) for layer in network][1::2] == [PReLU, PReLU]
    assert type(network[4]) is PReLU
    assert network[1].weight is network[3].weight
    assert not network[1].training
    assert network.state_dict().keys() == before.keys()
    network.load_state_dict(before)


def test_mobilefacenet_answers_as_with_pytorchs_layer_and_is_folded_with_its_own():
    torch.manual_seed(0)
    network = MobileFaceNet().eval()
    plain = copy.deepcopy(network)
    for name, layer in list(plain.named_modules()):
        if isinstance(layer, PReLU):
            theirs = nn.PReLU(layer.num_parameters)
            theirs.weight = layer.weight
            plain.set_submodule(name, theirs)
    images = torch.rand(2, 3, 112, 112)
    with torch.no_grad():
        assert torch.equal(network(images), plain(images))
    made = folded(network)
    assert isinstance(made, torch.fx.GraphModule)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in made.modules())


def test_on_a_cpu_a_low_copy_keeps_strided_depthwise_convolutions_and_their_weights_in_float32():
    network = MobileFaceNet().eval()
    made = FastCopy(network, low=True)
    kept = [module.layer for module in made.modules() if isinstance(module, InFloat32)]
    assert len(kept) == 3
    assert all(conv.stride == (2, 2) and conv.groups > 1 for conv in kept)
    assert all(conv.weight.dtype == torch.float32 for conv in kept)
    others = [module for module in made.modules() if isinstance(module, nn.Conv2d) and module not in kept]
    assert others
    assert all(conv.weight.dtype == torch.bfloat16 for conv in others)
    assert not any(isinstance(module, InFloat32) for module in FastCopy(network, low=False).modules())
    images = torch.rand(2, 3, 112, 112, requires_grad=True)
    assert F.cosine_similarity(made(images), network(images)).min() > 0.99
    exact, low = (torch.autograd.grad(of(images).sum(), images)[0].flatten() for of in (network, made))
    assert F.cosine_similarity(exact, low, dim=0) > 0.95


def test_pytorchs_layers_are_replaced_in_a_copy_of_a_network_that_cannot_be_traced():
    class Bends(nn.Module):
        def __init__(self):
            super().__init__()
            self.act = nn.PReLU(3)

        def forward(self, images):
            return self.act(images).flatten(1) if images.sum() > 0 else images.flatten(1)

    network = Bends().eval()
    assert type(FastCopy(network, low=False).network.act) is PReLU
    assert type(network.act) is nn.PReLU
