"""One long, narrow picture among good ones: ValueError from facenet-pytorch, and no picture of the folder can be used.

20 x 9000, or any that is below 20 pixels on a side once its longer side is shrunk to data.longest_side=1024. Good: left
out and counted, or "no face".
"""

import sys
from pathlib import Path

from named import named
from PIL import Image

Search, content_digests, find_faces = named("Search", "content_digests", "find_faces")

picture = Path("a.png")
bad = False
for size in ((20, 9000), (9000, 20), (60, 4000), (1200, 23), (20, 20), (25, 1024)):
    Image.new("RGB", size, (120, 90, 80)).save(picture)
    try:
        found = find_faces(
            [picture], content_digests([picture]), Path(f"cache{size}"), Search("largest", 0.06, 1024)
        )
        print("good:", size, found.problems, found.found)
    except Exception as error:
        print("bad:", size, type(error).__name__, error)
        bad = True
sys.exit(bad)
