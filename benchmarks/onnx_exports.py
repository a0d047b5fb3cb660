"""Which of torch's own exports to ONNX can be attacked: nine kinds of network, two exporters, fixed and free batches.

python benchmarks/onnx_exports.py [NETWORK ...] [--keep FOLDER]

Each network, from chance but for its batch statistics, is exported at 112 x 112 by the older exporter (opset 13 and 17)
and by today's, for one picture and for any number, and read back. A file counts where embeddings of five pictures are
onnxruntime's, one by one, within 1e-4, and slopes are the network's own within 1 %. Results also go to
outputs/onnx_exports.json.
"""

import argparse
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import timm
import torch
import torch.nn.functional as F
import torchvision
from timm.layers import set_fused_attn
from torch import Tensor, nn

from facetrial.core.errors import FacetrialError, first_line
from facetrial.core.files import written_whole
from facetrial.recognition.embedders.mobilefacenet import MobileFaceNet
from facetrial.recognition.embedders.onnx_model.reading import read_onnx
from facetrial.recognition.embedders.onnx_model.to_torch import to_torch

JSON = Path("outputs/onnx_exports.json")
SHAPE, PICTURES = (3, 112, 112), 5
AWAY, SLOPES_AWAY = 1e-4, 1e-2
EXPORTS = [(how, free) for how in ("opset 13", "opset 17", "dynamo") for free in (False, True)]


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // 16, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(channels // 16, channels, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features * self.gate(features)


class Block(nn.Module):
    """Of IR-SE networks as ArcFace's implementations for torch have it."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        shorter = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        self.short = nn.MaxPool2d(1, stride) if channels == out else shorter
        self.long = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, out, 3, 1, 1, bias=False),
            nn.PReLU(out),
            nn.Conv2d(out, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            Gate(out),
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.long(features) + self.short(features)


class IRSE50(nn.Sequential):
    def __init__(self) -> None:
        widths = [64] * 3 + [128] * 4 + [256] * 14 + [512] * 3
        blocks = [
            Block(before, out, 2 if k == 0 or before != out else 1)
            for k, (before, out) in enumerate(zip([64, *widths], widths, strict=False))
        ]
        stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)]
        last = [
            nn.BatchNorm2d(512),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(512 * 49, 512),
            nn.BatchNorm1d(512),
        ]
        super().__init__(*stem, *blocks, *last)

    def forward(self, images: Tensor) -> Tensor:
        embeddings = super().forward(images)
        return embeddings / embeddings.norm(dim=1, keepdim=True)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "ResNet-18": lambda: torchvision.models.resnet18(num_classes=128),
    "ResNet-50": lambda: torchvision.models.resnet50(num_classes=128),
    "IR-SE-50": IRSE50,
    "MobileFaceNet": MobileFaceNet,
    "MobileNetV3": lambda: torchvision.models.mobilenet_v3_large(num_classes=128),
    "EfficientNet-B0": lambda: torchvision.models.efficientnet_b0(num_classes=128),
    "GhostNet": lambda: timm.create_model("ghostnet_100", num_classes=128),
    "ViT-S": lambda: timm.create_model("vit_small_patch16_224", num_classes=128, img_size=112),
    "EdgeNeXt": lambda: timm.create_model("edgenext_x_small", num_classes=128),
}


def made(name: str, fused: bool) -> nn.Module:
    """A network with statistics of smooth pictures, the same each time."""
    set_fused_attn(fused)  # which opset 13 has no form for
    torch.manual_seed(0)
    network = NETWORKS[name]().train()
    with torch.no_grad():
        for _ in range(2):
            network(F.interpolate(torch.rand(8, 3, 7, 7), SHAPE[1:], mode="bilinear"))
    return network.eval()


def export(network: nn.Module, path: Path, how: str, free: bool) -> None:
    images = torch.rand(2 if free else 1, *SHAPE)
    if how == "dynamo":
        shapes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if free else {}
        torch.onnx.export(network, (images,), path, dynamo=True, verbose=False, **shapes)
    else:
        axes = {"dynamic_axes": {"images": {0: "batch"}}} if free else {}
        opset = int(how.split()[1])
        torch.onnx.export(
            network, (images,), path, dynamo=False, opset_version=opset, input_names=["images"], **axes
        )


def compared(network: nn.Module, path: Path) -> dict:
    """How far embeddings are from onnxruntime's, and slopes from the network's own."""
    images = torch.from_numpy(np.random.default_rng(1).standard_normal((PICTURES, *SHAPE)).astype(np.float32))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    expected = [torch.from_numpy(session.run(None, {name: image.numpy()})[0]) for image in images.split(1)]
    found = to_torch(read_onnx(path), SHAPE)
    images.requires_grad_()
    embeddings = found(images)
    towards = torch.randn(embeddings.shape, generator=torch.Generator().manual_seed(2))
    slopes = [
        torch.autograd.grad((F.normalize(given) * towards).sum(), images)[0]
        for given in (embeddings, network(images))
    ]
    away = F.normalize(embeddings.detach().double()) - F.normalize(torch.cat(expected).double())
    return {
        "embeddings_away": away.abs().max().item(),
        "slopes_away": ((slopes[0] - slopes[1]).norm() / slopes[1].norm()).item(),
        "one_by_one": type(found).__name__ == "OneByOne",
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("networks", nargs="*", choices=[*NETWORKS, []])
    parser.add_argument("--keep", type=Path, help="a folder in which the files stay")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.networks or NETWORKS:
            for how, free in EXPORTS:
                path = folder / f"{name}, {how}, {'free' if free else 'fixed'}.onnx"
                network = made(name, fused=how != "opset 13")
                row: dict = {"network": name, "export": how, "batch": "free" if free else "fixed"}
                try:
                    export(network, path, how, free)
                    row |= compared(network, path)
                except FacetrialError as error:
                    row["said"] = str(error)
                except Exception as error:  # torch has no form for it, or the converter errs
                    row["failed"] = first_line(error)
                row["good"] = row.get("embeddings_away", 1) <= AWAY and row["slopes_away"] <= SLOPES_AWAY
                rows.append(row)
                print(" ".join(f"{key}={value}" for key, value in row.items()), flush=True)
                if arguments.keep is None:
                    for left in folder.iterdir():
                        left.unlink()
    with written_whole(JSON) as temporary_file:
        temporary_file.write_text(json.dumps(rows, indent=2))
    print(f"{sum(row['good'] for row in rows)} of {len(rows)}. Also in {JSON}")


if __name__ == "__main__":
    main()
