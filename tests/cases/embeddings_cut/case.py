"""A damaged embeddings-*.safetensors or picture's *.npz in shards/: raw SafetensorError or BadZipFile at every restart.

Good: FacetrialError that names the file, or made again.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from named import named

FacetrialError, Shards, VERSIONS = named("FacetrialError", "Shards", "VERSIONS")

folder = Path("shards")
shards = Shards(folder)
shards.embeddings.write(["a/1", "a/2"], {version: torch.ones(2, 4) for version in VERSIONS})
picture = np.ones((3, 8, 8), np.float32)
shards.write_picture("a/1", picture, picture)

bad = False
for pattern, read in {
    "embeddings-*": lambda: shards.embeddings.read(["a/1"]),
    "*/*.npz": lambda: shards.read_picture("a/1"),
}.items():
    file = next(folder.glob(pattern))
    whole = file.read_bytes()
    for name, content in {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "zeros": bytes(len(whole)),
    }.items():
        file.write_bytes(content)
        try:
            read()
            print("read", pattern, name)
        except FacetrialError as error:
            print("good:", error)
        except Exception as error:
            kind = f"{type(error).__module__}.{type(error).__name__}"
            print("bad:", file.name[:14], name, kind, str(error)[:80])
            bad = True
    file.write_bytes(whole)
sys.exit(bad)
