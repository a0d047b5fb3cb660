"""A damaged, encrypted or oddly packed training.zip ends in a raw traceback. Good: FacetrialError for each."""

import io
import struct
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

from named import named

FacetrialError, read_bytes = named("FacetrialError", "read_bytes")

BODY = ("a,b\n" + "".join(f"{number},{number * number}\n" for number in range(5000))).encode()
CENTRAL_DIRECTORY = b"PK\x01\x02"


def zipped(compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("training.csv", BODY)
    return bytearray(buffer.getvalue())


def flipped(byte, bit):
    archive = zipped()
    archive[byte] ^= 1 << bit
    return archive


def flipped_lzma():
    archive = zipped(zipfile.ZIP_LZMA)
    archive[200] ^= 255
    return archive


def encrypted():
    archive = zipped()
    archive[6] |= 1
    archive[archive.find(CENTRAL_DIRECTORY) + 8] |= 1
    return archive


def deflate64():
    archive = zipped()
    method = struct.pack("<H", 9)
    archive[8:10] = method
    at = archive.find(CENTRAL_DIRECTORY) + 10
    archive[at : at + 2] = method
    return archive


archives = {
    f"deflate byte {byte} bit {bit}": flipped(byte, bit) for bit in range(8) for byte in range(60, 200, 10)
}
archives["lzma flipped"] = flipped_lzma()
archives["encrypted"] = encrypted()
archives["deflate64 (as Windows packs > 2 GB)"] = deflate64()

faults = defaultdict(list)
for name, archive in archives.items():
    Path("training.zip").write_bytes(archive)
    try:
        read_bytes(Path("."), "training.csv")
    except FacetrialError:
        pass
    except Exception as error:
        faults[f"{type(error).__module__}.{type(error).__name__}: {error}"].append(name)
for fault, names in faults.items():
    print(len(names), fault, "|", names[0])
sys.exit(bool(faults))
