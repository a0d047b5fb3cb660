"""Pictures as a service or a program is given them: PNG, or float32 as it is."""

import base64
import io

import numpy as np
from PIL import Image


def as_png(picture: np.ndarray) -> bytes:
    """The PNG of a picture (H, W, 3), uint8."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png", compress_level=1)
    return file.getvalue()


def as_npy(picture: np.ndarray) -> bytes:
    """The NPY file of a picture (H, W, 3)."""
    file = io.BytesIO()
    np.save(file, picture, allow_pickle=False)
    return file.getvalue()


def in_base64(picture: np.ndarray) -> str:
    """What stands for a picture in JSON: of uint8 its PNG, of float32 its numbers, little-endian, row by row."""
    raw = as_png(picture) if picture.dtype == np.uint8 else picture.astype("<f4").tobytes()
    return base64.b64encode(raw).decode()
