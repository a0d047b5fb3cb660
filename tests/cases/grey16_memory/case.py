"""A 320 KB file, grey, 16 bits, 13000 x 13000, takes 5 GB to read (int64, then float64).

Good: under 2 GB, or refused.
"""

import resource
import struct
import sys
import zlib
from pathlib import Path

from named import named

BadPicture, read_picture = named("BadPicture", "read_picture")

SIDE = 13000


def chunk(kind, content):
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


deflate = zlib.compressobj(9)
black_row = b"\0" + bytes(2 * SIDE)
pixels = b"".join([deflate.compress(black_row) for _ in range(SIDE)]) + deflate.flush()
header = struct.pack(">IIBBBBB", SIDE, SIDE, 16, 0, 0, 0, 0)
Path("a.png").write_bytes(
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
)
try:
    print(read_picture("a.png").size)
except BadPicture as error:
    print("refused:", error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"peak {peak:.1f} GB")
sys.exit(peak > 2)
