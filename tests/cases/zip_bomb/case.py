"""A 3 MB training.zip that unpacks to 3 GB is unpacked into memory whole (5 GB, over a minute).

Good: refused within 2 GB.
"""

import resource
import sys
import zipfile
from pathlib import Path

with (
    zipfile.ZipFile("training.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    archive.open("training.csv", "w", force_zip64=True) as member,
):
    member.write(b"Image\n")
    for _ in range(180):
        member.write(b"0 " * (8 * 2**20))

# After the writing, or the memory that it gives back would be there to take within the limit.
from named import named

FacetrialError, read_frames = named("FacetrialError", "read_frames")

resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
try:
    read_frames(Path("."), "training", Path("cache"))
except FacetrialError as error:
    print("good:", error)
except BaseException as error:
    print("bad:", type(error).__name__, str(error)[:200])
    sys.exit(1)
