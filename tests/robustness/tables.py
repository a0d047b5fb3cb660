"""Malformed archives, tables and lists: each is read as what it says, or named."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from facetrial.data.keypoints_csv import COLUMNS, read_frames, read_test_frames
from facetrial.data.pairs_file import files_of_pairs, read_pairs
from facetrial.faces.frames import MEAN_SHAPE
from facetrial.landmarks.network import StudyNetwork
from facetrial.landmarks.submission import asked_in, write_submission
from tests.robustness.mutations import chosen, spoilt

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
ODD = (
    "", " ", "²", "①", "٣", "-1", "1e400", "9" * 400, "nan", "inf", "0x10", "1_0", "1,5", '"', "'", "\0", "\ufeff",
    "=1+1", "@SUM(A1)", "-2+3", "\x1b[2J", "\t", "\n", "\r", ";", "..", "../../etc/passwd", "C:\\nul", "$\\frac{",
    "<b>", "\u202e",
)  # fmt: skip
FACES = 3


def table(rng: np.random.Generator, labelled: bool) -> str:
    rows = pd.DataFrame(
        np.tile(np.array(MEAN_SHAPE).reshape(1, 30), (FACES, 1)).round(2), columns=list(COLUMNS)
    )
    if not labelled:
        rows = pd.DataFrame({"ImageId": range(1, FACES + 1)})
    rows["Image"] = [" ".join(map(str, rng.integers(0, 256, 9216))) for _ in range(FACES)]
    return rows.to_csv(index=False)


def odd_cells(text: str, rng: np.random.Generator, separator: str) -> str:
    """The text with some cells made odd, mostly outside of the pictures."""
    cells = text.split(separator)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(cells)))
        cells[at] = chosen(
            rng, (cells[at] + chosen(rng, ODD), chosen(rng, ODD), chosen(rng, ODD) + cells[at])
        )
    return separator.join(cells)


def spoilt_text(text: str, rng: np.random.Generator, separator: str) -> bytes:
    changed = odd_cells(text, rng, separator) if rng.random() < 0.7 else text
    content = changed.encode(chosen(rng, ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16")), "surrogatepass")
    if rng.random() < 0.1:
        content += chosen(rng, (b",", b"\n", b",,,\n", b'"', b"1,2,3\r", b"\t1\t", b"\0")) * int(
            2 ** rng.uniform(0, 22)
        )
    return spoilt(content, rng) if rng.random() < 0.5 else content


def try_zip(rng: np.random.Generator, folder: Path) -> None:
    """Where a zip is read, it holds what it held: it has checksums."""
    text = table(np.random.default_rng(0), labelled=True)
    (folder / "whole").mkdir()
    (folder / "whole" / "training.csv").write_text(text)
    whole = read_frames(folder / "whole", "training", folder / "cache")
    content = _zipped(
        {chosen(rng, ("training.csv", "a/training.csv", "__MACOSX/training.csv")): text.encode()}, rng
    )
    depth = int(chosen(rng, (0, 0, 1, 1, 2)))
    for _ in range(depth):
        content = _zipped(
            {chosen(rng, ("training.zip", "b/training.zip", "__MACOSX/training.zip")): content}, rng
        )
    name = chosen(rng, ("training.zip", "facial-keypoints-detection.zip"))
    (folder / name).write_bytes(content)
    found = read_frames(folder, "training", folder / "cache2")
    assert found.images.equal(whole.images)
    assert found.landmarks.equal(whole.landmarks)


def _zipped(files: dict[str, bytes], rng: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", chosen(rng, METHODS), compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
            if rng.random() < 0.2:
                archive.writestr("__MACOSX/._" + name, b"\0\5")
    content = bytearray(buffer.getvalue())
    kind = rng.integers(4)
    listed = content.rfind(b"PK\1\2")
    if kind == 0:
        content[6] |= 1
        content[listed + 8] |= 1
    elif kind == 1:
        at, size = chosen(rng, ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (42, 4)))
        content[listed + at : listed + at + size] = int(
            chosen(rng, (0, 9, 20, 93, 2**15, 2**32 - 1))
        ).to_bytes(8, "little")[:size]
    elif kind == 2:
        return spoilt(bytes(content), rng)
    return bytes(content)


def try_training_table(rng: np.random.Generator, folder: Path) -> None:
    (folder / "training.csv").write_bytes(spoilt_text(table(rng, labelled=True), rng, ","))
    frames = read_frames(folder, "training", folder / "cache")
    assert frames.images.shape[1:] == (1, 96, 96)
    known = frames.landmarks[~frames.landmarks.isnan()]
    assert ((known >= -1) & (known <= 96)).all()


def try_test_table(rng: np.random.Generator, folder: Path) -> None:
    (folder / "test.csv").write_bytes(spoilt_text(table(rng, labelled=False), rng, ","))
    frames, ids = read_test_frames(folder, folder / "cache")
    assert len(frames) == len(ids) == len(set(ids.tolist()))


def try_lookup_table(rng: np.random.Generator, folder: Path) -> None:
    (folder / "test.csv").write_text(table(rng, labelled=False))
    lines = [f"{number},{1 + number % FACES},{COLUMNS[number % 30]}," for number in range(9)]
    text = "\n".join(["RowId,ImageId,FeatureName,Location", *lines]) + "\n"
    (folder / "IdLookupTable.csv").write_bytes(spoilt_text(text, rng, ","))
    asked = asked_in(folder, folder / "cache")
    write_submission(asked, StudyNetwork((2, 2, 2), hidden=4).eval(), folder / "out.csv")
    assert not any(line[:1] in "=+@" for line in (folder / "out.csv").read_text().splitlines())


def try_pairs(rng: np.random.Generator, folder: Path) -> None:
    text = "2\t2\n" + "".join(
        f"Ann\t{fold}\t2{fold}\nBob\t3\t4{fold}\nAnn\t{fold}\tBob\t2{fold}\nBob\t{fold}\tCem\t2{fold}\n"
        for fold in "15"
    )
    (folder / "pairs.txt").write_bytes(spoilt_text(text, rng, chosen(rng, ("\t", "\n"))))
    pairs = read_pairs(folder / "pairs.txt")
    assert pairs
    assert all((pair.people[0] == pair.people[1]) == pair.same for pair in pairs)
    files = {
        f"{name}/{name}_{number:04d}.jpg": folder for name in ("Ann", "Bob", "Cem") for number in range(60)
    }
    files_of_pairs(pairs, files)
