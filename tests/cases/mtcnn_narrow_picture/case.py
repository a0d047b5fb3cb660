"""timesler/facenet-pytorch #176: one very long or tall picture among good ones ends the whole run.

It ended with "torch.cat(): expected a non-empty list".
"""

import os
import shutil
import sys
from pathlib import Path

from named import named
from PIL import Image

FacetrialError, PeopleFolder = named("FacetrialError", "PeopleFolder")

LFW = Path(os.environ["FACETRIAL_SHARED"]) / "data/lfw_home/lfw_funneled"

bad = False
for number, size in enumerate([(2000, 21), (25, 1600), (1080, 60000)]):
    root = Path(f"people{number}")
    for name in ("George_W_Bush", "Tony_Blair"):
        (root / name).mkdir(parents=True)
        for picture in range(1, 5):
            shutil.copy(LFW / name / f"{name}_000{picture}.jpg", root / name)
    Image.new("RGB", size, (90, 110, 90)).save(root / "Tony_Blair" / "banner.png")
    people = PeopleFolder(str(root), 112, "five_points", "cache")
    try:
        print(size, "works:", len(people.all_faces), "faces,", people.bad_pictures)
    except FacetrialError as error:
        print(size, "refused", error)
    except Exception as error:
        print("BAD", size, type(error).__name__, error)
        bad = True
sys.exit(bad)
