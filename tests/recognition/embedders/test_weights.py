"""Files of weights: formats, precisions, and what does not fit."""

import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from facetrial.core.errors import FacetrialError
from facetrial.recognition.embedders import weights
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.embedders.weights import load_weights, read_weights


def network():
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


@pytest.fixture
def state():
    return {name: t for name, t in network().state_dict().items() if "num_batches" not in name}


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
@pytest.mark.parametrize("half", [False, True])
def test_both_formats_in_both_precisions(tmp_path, state, ending, half):
    path = tmp_path / f"weights.{ending}"
    stored = {name: t.half() if half else t for name, t in state.items()}
    save_file(stored, path) if ending == "safetensors" else torch.save(stored, path)
    loaded = network()
    load_weights(loaded, path)
    for name, tensor in stored.items():
        assert torch.equal(loaded.state_dict()[name], tensor.float())


def test_a_counter_of_batches_in_another_type_is_no_matter(tmp_path, state):
    torch.save(state | {"1.num_batches_tracked": torch.tensor(3.0)}, tmp_path / "w.pt")
    loaded = network()
    load_weights(loaded, tmp_path / "w.pt")
    assert loaded.state_dict()["1.num_batches_tracked"] == 3


def test_the_ending_in_capitals(tmp_path, state):
    save_file(state, tmp_path / "W.SAFETENSORS")
    assert read_weights(tmp_path / "W.SAFETENSORS").keys() == state.keys()


def test_names_that_are_ignored(tmp_path, state):
    save_file({**state, "logits.weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    load_weights(network(), tmp_path / "w.safetensors", ignored=("logits.",))
    with pytest.raises(FacetrialError, match=r"1 unknown, such as logits\.weight"):
        load_weights(network(), tmp_path / "w.safetensors")


class TestMistakes:
    def test_no_file(self, tmp_path):
        with pytest.raises(FacetrialError, match=r"embedder\.weights: there is no file .*nowhere"):
            MobileFaceNet(tmp_path / "nowhere.pt")

    def test_an_onnx_file(self, tmp_path):
        (tmp_path / "model.onnx").touch()
        with pytest.raises(FacetrialError, match="is an ONNX model, which embedder=onnx reads"):
            MobileFaceNet(tmp_path / "model.onnx")

    def test_too_little_memory_is_no_fault_of_the_file(self, tmp_path, state, monkeypatch):
        def loads(*_, **__):
            raise MemoryError

        save_file(state, tmp_path / "w.safetensors")
        monkeypatch.setattr(weights, "load_file", loads)
        with pytest.raises(MemoryError):
            read_weights(tmp_path / "w.safetensors")

    def test_a_folder(self, tmp_path):
        with pytest.raises(FacetrialError, match="no file"):
            read_weights(tmp_path)

    @pytest.mark.parametrize("ending", ["safetensors", "pt"])
    @pytest.mark.parametrize("kept", [0, 10, 0.5, -1])
    def test_cut_short(self, tmp_path, state, ending, kept):
        whole = tmp_path / f"whole.{ending}"
        save_file(state, whole) if ending == "safetensors" else torch.save(state, whole)
        content = whole.read_bytes()
        path = tmp_path / f"cut.{ending}"
        path.write_bytes(content[: int(kept * len(content)) if 0 < kept < 1 else kept])
        with pytest.raises(FacetrialError, match="cannot be read"):
            read_weights(path)

    @pytest.mark.parametrize("ending", ["safetensors", "pt"])
    def test_something_else(self, tmp_path, ending):
        path = tmp_path / f"picture.{ending}"
        path.write_bytes(b"\x89PNG and so on" * 100)
        with pytest.raises(FacetrialError, match="cannot be read"):
            read_weights(path)

    def test_no_code_is_run(self, tmp_path):
        class Bomb:
            def __reduce__(self):
                return (open, (str(tmp_path / "went off"), "w"))

        for name, save in (("a.pt", lambda path: torch.save({"w": Bomb()}, path)), ("b.pt", pickled(Bomb()))):
            save(tmp_path / name)
            with pytest.raises(FacetrialError, match="cannot be read"):
                read_weights(tmp_path / name)
        assert not (tmp_path / "went off").exists()

    def test_values_that_are_no_tensors(self, tmp_path):
        torch.save({"epoch": 3}, tmp_path / "w.pt")
        with pytest.raises(FacetrialError, match="plain state dict"):
            read_weights(tmp_path / "w.pt")

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ({0: torch.ones(1)}, "keys such as 0"),
            ({("a", 1): torch.ones(1)}, r"keys such as \('a', 1\)"),
            ({"state_dict": {}, "epoch": 3}, "keys such as state_dict"),
            ([torch.ones(1)], "found list"),
            (torch.ones(1), "found Tensor"),
            (None, "found NoneType"),
        ],
    )
    def test_no_tensors_by_name(self, tmp_path, content, said):
        torch.save(content, tmp_path / "w.pt")
        with pytest.raises(FacetrialError, match=f"plain state dict.*{said}.*Save the network's"):
            read_weights(tmp_path / "w.pt")

    @pytest.mark.parametrize("name", ["\x1b[31mred", "a\nb", "", "\udcff", "x" * 1000])
    def test_a_name_that_a_terminal_should_not_see(self, tmp_path, state, name):
        torch.save(state | {name: torch.ones(1)}, tmp_path / "w.pt")
        with pytest.raises(FacetrialError, match="1 unknown, such as") as caught:
            load_weights(network(), tmp_path / "w.pt")
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500

    @pytest.mark.parametrize("kind", [torch.int64, torch.uint8, torch.bool, torch.complex64])
    def test_another_type(self, tmp_path, state, kind):
        torch.save(state | {"0.weight": state["0.weight"].to(kind)}, tmp_path / "w.pt")
        with pytest.raises(FacetrialError, match=r"1 of another type, such as 0\.weight"):
            load_weights(network(), tmp_path / "w.pt")

    def test_tensors_that_are_not_dense(self, tmp_path, state):
        weight = state["0.weight"]
        nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
        for odd in (
            weight.to_sparse(),
            weight.to("meta"),
            torch.quantize_per_tensor(weight, 0.1, 0, torch.quint8),
            nested,
        ):
            torch.save(state | {"0.weight": odd}, tmp_path / "w.pt")
            with pytest.raises(
                FacetrialError, match=r"sparse, quantised or without numbers, such as 0\.weight"
            ):
                load_weights(network(), tmp_path / "w.pt")

    def test_missing(self, tmp_path, state):
        del state["0.bias"]
        save_file(state, tmp_path / "w.safetensors")
        with pytest.raises(FacetrialError, match=r"not for Sequential: 1 missing, such as 0\.bias"):
            load_weights(network(), tmp_path / "w.safetensors")

    def test_another_shape(self, tmp_path, state):
        state["0.bias"] = torch.zeros(5)
        save_file(state, tmp_path / "w.safetensors")
        with pytest.raises(FacetrialError, match="1 of another shape"):
            load_weights(network(), tmp_path / "w.safetensors")


def pickled(thing):
    return lambda path: path.write_bytes(pickle.dumps(thing))
