"""Graphs of ONNX as graphs of torch: what torch itself exports, names, devices, and what is refused."""

import copy

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders.onnx_model.conversion import converted
from facetrial.recognition.embedders.onnx_model.reading import read_onnx
from facetrial.recognition.embedders.onnx_model.to_torch import to_torch
from tests.helpers.onnx_files import one_operation

SHAPE = (3, 32, 32)
PICTURE = (1, *SHAPE)


class Mixed(nn.Module):
    """What published networks are made of: gates, tokens, attention over places and over channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, 4, 1), nn.BatchNorm2d(8), nn.Hardswish(), nn.MaxPool2d(1, 2)
        )
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1), nn.Hardsigmoid())
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.norm, self.qkv = nn.LayerNorm(8), nn.Linear(8, 24)
        self.last = nn.Sequential(nn.GELU(), nn.Linear(8, 4))

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        features = features * self.gate(features)
        rows = torch.cat([self.token.expand(images.shape[0], -1, -1), features.flatten(2).transpose(1, 2)], 1)
        count, length, width = rows.shape
        queries, keys, values = (
            self.qkv(self.norm(rows)).reshape(count, length, 3, 2, 4).permute(2, 0, 3, 1, 4)
        )
        weights = (queries @ keys.transpose(-2, -1) * 0.5).softmax(-1)
        rows = (weights @ values).transpose(1, 2).reshape(count, length, width)
        found = self.last(rows[:, 0])
        return found / found.norm(dim=1, keepdim=True)


def exported(network: nn.Module, path, opset: int | None, free: bool):
    """As torch exports by itself: the older exporter where an opset is named, for one picture or any number."""
    images = torch.rand(2 if free else 1, *SHAPE)
    if opset is None:
        shapes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if free else {}
        torch.onnx.export(network, (images,), path, dynamo=True, verbose=False, **shapes)
    else:
        axes = {"dynamic_axes": {"images": {0: "batch"}}} if free else {}
        settings = {"dynamo": False, "opset_version": opset, "input_names": ["images"]}
        torch.onnx.export(network, (images,), path, **settings, **axes)
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("free", [False, True], ids=["fixed", "free"])
@pytest.mark.parametrize("opset", [13, 17, None])
def test_what_torch_exports_comes_back_with_its_slopes(tmp_path, opset, free):
    network = Mixed().train()
    network(torch.rand(8, *SHAPE))  # statistics
    network.eval()
    again = to_torch(read_onnx(exported(network, tmp_path / "m.onnx", opset, free)), SHAPE)
    images = torch.rand(5, *SHAPE, requires_grad=True)
    found, expected = again(images), network(images)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    slopes = [torch.autograd.grad(embeddings[:, 0].sum(), images)[0] for embeddings in (found, expected)]
    torch.testing.assert_close(*slopes, atol=1e-5, rtol=1e-3)
    torch.testing.assert_close(again(images[:1]), expected[:1], atol=1e-5, rtol=0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("free", [False, True], ids=["fixed", "free"])
def test_a_network_is_copied_saved_and_loaded_by_its_names(tmp_path, free):
    model = read_onnx(exported(Mixed().eval(), tmp_path / "m.onnx", 17, free))
    assert any("." in tensor.name for tensor in model.graph.initializer)
    network, other = to_torch(model, SHAPE), to_torch(model, SHAPE)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(0.1)
    torch.save(network.state_dict(), tmp_path / "state.pt")
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    images = torch.rand(2, *SHAPE)
    assert torch.equal(other(images), network(images))
    assert torch.equal(copy.deepcopy(network)(images), network(images))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("opset", [17, None])
def test_a_network_moves_as_a_whole(tmp_path, opset):
    """A device without numbers stands for an accelerator: what meets there has to lie there."""
    network = to_torch(read_onnx(exported(Mixed().eval(), tmp_path / "m.onnx", opset, True)), SHAPE)
    assert network.to("meta")(torch.rand(3, *SHAPE, device="meta")).shape == (3, 4)


def graph_of(nodes, *tensors, functions=()) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, PICTURE)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in tensors],
    )
    opsets = [helper.make_opsetid("", 18), *(helper.make_opsetid(f.domain, 1) for f in functions)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions)


def test_what_follows_from_constants_is_computed_once():
    weights = np.ones((4, 3, 1, 1), np.float32)
    nodes = [
        helper.make_node("Add", ["w", "w"], ["doubled"]),
        helper.make_node("Identity", ["doubled"], ["kernel"]),
        helper.make_node("Conv", ["x", "kernel"], ["y"]),
        helper.make_node("Sigmoid", ["y"], ["nobody asks"]),
    ]
    network = converted(graph_of(nodes, ("w", weights)), torch.rand(PICTURE))
    assert [node.op for node in network.graph.nodes] == ["placeholder", "call_module", "output"]
    assert torch.equal(network(torch.ones(PICTURE)), torch.full((1, 4, 32, 32), 6.0))


def test_weights_learn_and_numbers_that_were_computed_do_not():
    nodes = [helper.make_node("Mul", ["x", "w"], ["a"]), helper.make_node("Exp", ["w"], ["b"])]
    nodes.append(helper.make_node("Add", ["a", "b"], ["y"]))
    network = converted(graph_of(nodes, ("w", np.ones((3, 1, 1), np.float32))), torch.rand(PICTURE))
    assert len(list(network.parameters())) == len(list(network.buffers())) == 1


def test_functions_of_the_file_are_written_out():
    body = [helper.make_node("Neg", ["a"], ["b"]), helper.make_node("Exp", ["b"], ["c"])]
    function = helper.make_function("mine", "Both", ["a"], ["c"], body, [helper.make_opsetid("", 18)])
    call = helper.make_node("Both", ["x"], ["y"], domain="mine")
    pictures = torch.rand(PICTURE)
    network = converted(graph_of([call], functions=[function]), pictures)
    torch.testing.assert_close(network(pictures), pictures.neg().exp())


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            graph_of([helper.make_node("FusedConv", ["x"], ["y"], domain="com.microsoft")]),
            r"com\.microsoft\.FusedConv",
        ),
        (graph_of([helper.make_node("Det", ["x"], ["y"])]), "no form in torch here, Det"),
        (one_operation("CumSum", PICTURE, {"axis": 1}, reverse=1), "CumSum  fails .*in reverse"),
        (one_operation("Conv", PICTURE, {"w": np.ones((4, 3, 1, 1, 1))}), "Conv  fails"),
        (one_operation("Relu", PICTURE, {"more": [1.0]}), "Relu  fails"),
        (
            graph_of(
                [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Reshape", ["x", "x"], ["y"])]
            ),
            "shape that Reshape  makes depends on what pictures show",
        ),
    ],
)
def test_what_has_no_form_in_torch_is_refused_with_what_to_give(model, said):
    with pytest.raises(FacetrialError, match=f"{said}.*opset 17 or later; or give .*embedder=own"):
        converted(model, torch.rand(PICTURE))
