"""As deepface's stale representations: pictures are replaced by others of the same name and size.

BMP, PPM, TIFF and raw PNG always are. The old recogniser and the old trial are taken over.
"""

import os
import sys
from pathlib import Path

from named import named, target
from PIL import Image

data_recipe = named("data_recipe")

LFW = Path(os.environ["FACETRIAL_SHARED"]) / "data/lfw_home/lfw_funneled"
ROOT = Path("people")


def put(person, folder):
    (ROOT / folder).mkdir(parents=True, exist_ok=True)
    for number in range(1, 5):
        Image.open(LFW / person / f"{person}_000{number}.jpg").save(ROOT / folder / f"{number}.bmp")


def recipe():
    return data_recipe({"_target_": target("PeopleFolder"), "root": str(ROOT)}, ())


put("George_W_Bush", "Ann")
put("Tony_Blair", "Bob")
before = recipe()
put("Tony_Blair", "Ann")
put("George_W_Bush", "Bob")
after = recipe()
print(before, after)
print("BAD: other pictures, the same recipe" if before == after else "fine")
sys.exit(before == after)
