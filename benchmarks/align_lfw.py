"""How long LFW takes from picture files to aligned faces, with nothing cached.

python benchmarks/align_lfw.py ROOT, where ROOT is what `data.root` would be, or make bench LFW=ROOT.
"""

import argparse
import os
import tempfile
import time

from facetrial.data.lfw import LFW


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", default=os.environ.get("LFW"))
    root = parser.parse_args().root
    if not root:
        print("skipped: give the folder of LFW, make bench LFW=DIR")
        return
    with tempfile.TemporaryDirectory() as cache:
        for size, alignment in ((160, "facenet"), (112, "five_points"), (112, "five_points")):
            started, load = time.perf_counter(), os.getloadavg()[0]
            data = LFW(root=root, size=size, alignment=alignment, cache=cache)
            count = len(data.all_faces)
            print(
                f"{alignment} at {size}: {count} pictures of {len(data.names)} people in "
                f"{time.perf_counter() - started:.1f} s; no face in {len(data.no_face)}, "
                f"{len(data.bad_pictures)} bad; load before {load:.1f}"
            )


if __name__ == "__main__":
    main()
