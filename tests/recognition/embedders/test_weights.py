"""Files of weights: formats, precisions, and what does not fit."""

import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from facetrial.core.errors import FacetrialError
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


def test_names_that_are_ignored(tmp_path, state):
    save_file({**state, "logits.weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    load_weights(network(), tmp_path / "w.safetensors", ignored=("logits.",))
    with pytest.raises(FacetrialError, match=r"1 unknown, such as logits\.weight"):
        load_weights(network(), tmp_path / "w.safetensors")


class TestMistakes:
    def test_no_file(self, tmp_path):
        with pytest.raises(FacetrialError, match=r"embedder\.weights: there is no file .*nowhere"):
            MobileFaceNet(tmp_path / "nowhere.pt")

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
