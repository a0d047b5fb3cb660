"""Malformed files of weights and ONNX models: each is a network that embeds, or is named."""

import json
import struct
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors.torch import save
from torch import nn

from facetrial.recognition.embedders.weights import load_weights
from tests.helpers.onnx_files import convolution, onnx_embedder
from tests.robustness.mutations import chosen, spoilt

SIDE = 40


def try_weights(rng: np.random.Generator, folder: Path) -> None:
    target = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))
    state = target.state_dict()
    if rng.random() < 0.7:
        path = folder / "weights.safetensors"
        content = save(state)
        content = _other_header(content, rng) if rng.random() < 0.6 else spoilt(content, rng)
        path.write_bytes(content)
    else:
        path = folder / "weights.pt"
        torch.save(_other_state(state, rng), path)
        if rng.random() < 0.7:
            path.write_bytes(spoilt(path.read_bytes(), rng))
    load_weights(target, path)
    assert target.eval()(torch.rand(2, 6)).shape == (2, 4)


def _other_header(content: bytes, rng: np.random.Generator) -> bytes:
    """The same numbers under a header that says something else of them."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    name = chosen(rng, [key for key in header if key != "__metadata__"])
    change = int(rng.integers(8))
    if change == 0:
        header[name]["dtype"] = chosen(
            rng, ("F64", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "C64", "X", 3, None)
        )
    elif change == 1:
        header[name]["shape"] = chosen(rng, ([], [2**62, 4], [-1], [1.5], "4", [2**40], [0], [4, 6, 1]))
    elif change == 2:
        header[name]["data_offsets"] = chosen(
            rng, ([0, 0], [5, 1], [0, 2**63], [-4, 8], [0], "0", [0, 10**30])
        )
    elif change == 3:
        header[chosen(rng, ("\x1b[2J", "../x", "", "0.weight ", "=1+1", "\u202e", "a" * 5000))] = header.pop(
            name
        )
    elif change == 4:
        header[name][chosen(rng, ("extra", "dtype "))] = 1
    elif change == 5:
        header["__metadata__"] = chosen(rng, ({"a": "b"}, {"a": 1}, 3, [], {"<script>": "<script>"}))
    elif change == 6:
        header = chosen(rng, ([], 3, None, {}, {"a": None}, "text", [[]]))
    else:
        length = int(chosen(rng, (0, 1, 2**31, 2**63, 2**64 - 1)))
        return struct.pack("<Q", length) + content[8:]
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[struct.unpack("<Q", content[:8])[0] + 8 :]


def _other_state(state: dict, rng: np.random.Generator):
    name = chosen(rng, list(state))
    values = (None, 3, "text", [], {}, torch.zeros(0), torch.zeros(4, 6).int(), torch.full((4, 6), torch.nan))
    return chosen(
        rng,
        (
            state,
            state | {name: chosen(rng, values)},
            state | {chosen(rng, (3, None, ("a",), "\x1b[2J", "")): state[name]},
            {"state_dict": state},
            list(state.values()),
            chosen(rng, values),
            {f"module.{key}": value for key, value in state.items()},
        ),
    )


@cache
def _onnx_file(folder: Path) -> bytes:
    return convolution(folder / "whole.onnx", size=SIDE).read_bytes()


def try_onnx(rng: np.random.Generator, folder: Path) -> None:
    content = _onnx_file(folder.parent)
    content = _other_graph(content, rng) if rng.random() < 0.6 else spoilt(content, rng)
    (folder / "network.onnx").write_bytes(content)
    embedder = onnx_embedder(folder / "network.onnx", size=SIDE)
    with torch.no_grad():
        embeddings = embedder(torch.rand(2, 3, SIDE, SIDE))
    assert embeddings.ndim == 2
    assert len(embeddings) == 2


def _other_graph(content: bytes, rng: np.random.Generator) -> bytes:
    """A graph that says something else, and is still one."""
    model = onnx.load_from_string(content)
    graph = model.graph
    node, tensor = chosen(rng, graph.node), chosen(rng, graph.initializer)
    change = int(rng.integers(16))
    if change == 0:
        node.op_type = chosen(
            rng, ("Relu", "Loop", "If", "Softmax", "NonZero", "RandomNormal", "", "\x1b[2J", "Shape")
        )
    elif change == 1:
        del node.input[:1]
    elif change == 2:
        del node.output[:]
    elif change == 3:
        node.input[0] = chosen(rng, ("nowhere", "", node.output[0], "embeddings"))
    elif change == 4 and node.attribute:
        attribute = chosen(rng, node.attribute)
        attribute.i, attribute.ints[:] = int(chosen(rng, (-1, 0, 2**40))), [int(chosen(rng, (-1, 0, 2**31)))]
    elif change == 5:
        tensor.dims[:] = [
            int(length) for length in chosen(rng, ([], [0], [2**40], [-1], [2**31, 2**31], [1, 1]))
        ]
    elif change == 6:
        tensor.data_type = int(chosen(rng, (0, 2, 7, 8, 9, 10, 11, 14, 16, 99)))
    elif change == 7:
        tensor.data_location = onnx.TensorProto.EXTERNAL
        place = chosen(rng, ("../../../../etc/passwd", "/etc/passwd", "/dev/zero", "gone.data", "."))
        tensor.external_data.add(key="location", value=place)
        tensor.ClearField("raw_data")
    elif change == 8:
        del graph.output[:]
    elif change == 9:
        del graph.input[0].type.tensor_type.shape.dim[: int(rng.integers(1, 5))]
    elif change == 10:
        model.opset_import[0].version = int(chosen(rng, (0, 1, 7, 11, 26, 99, 2**40)))
    elif change == 11:
        graph.node.append(node)
    else:
        tensor.raw_data = spoilt(tensor.raw_data, rng)[: len(tensor.raw_data)].ljust(
            len(tensor.raw_data), b"\0"
        )
    return model.SerializeToString()
