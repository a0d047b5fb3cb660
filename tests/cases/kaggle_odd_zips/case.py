"""Zips as macOS and passwords make them, and an ImageId beyond int64."""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from named import named

COLUMNS, FacetrialError, MEAN_SHAPE = named("COLUMNS", "FacetrialError", "MEAN_SHAPE")
read_frames, read_test_frames = named("read_frames", "read_test_frames")


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return bytearray(buffer.getvalue())


def encrypted(archive):
    """The archive with the flags that say so, in the file's header and in the central directory."""
    archive[6] |= 1
    archive[archive.rfind(b"PK\1\2") + 8] |= 1
    return archive


def read_training(folder):
    return read_frames(folder, "training", folder / "cache")


def read_test(folder):
    return read_test_frames(folder, folder / "cache")


table = pd.DataFrame(
    np.tile(np.array(MEAN_SHAPE).reshape(1, 30), (4, 1)).round(2),
    columns=list(COLUMNS),
)
table["Image"] = [" ".join(map(str, np.random.default_rng(seed).integers(0, 256, 9216))) for seed in range(4)]
csv = table.to_csv(index=False)
test_csv = f"ImageId,Image\n1,{table.Image[0]}\n100000000000000000000,{table.Image[1]}\n"
macos = zipped({"__MACOSX/training.csv": b"\0\5", "training.csv": csv})
password = encrypted(zipped({"training.csv": csv}))

bad = False
for name, file, content, read, works in (
    ("macos", "training.zip", macos, read_training, True),
    ("password", "training.zip", password, read_training, False),
    ("huge_id", "test.csv", test_csv.encode(), read_test, False),
):
    folder = Path(name)
    folder.mkdir()
    (folder / file).write_bytes(content)
    try:
        read(folder)
        wrong, outcome = not works, "works"
    except FacetrialError as error:
        wrong, outcome = works, f"refused: {str(error)[:80]}"
    except Exception as error:
        wrong, outcome = True, f"{type(error).__name__}: {error}"
    print("BAD " if wrong else "fine", name, "-", outcome)
    bad |= wrong
sys.exit(bad)
