"""pairs.txt with a digit that int() does not take: str.isdigit() says yes to "²" and "①". Good: FacetrialError."""

import sys
from pathlib import Path

from named import named

FacetrialError, read_pairs = named("FacetrialError", "read_pairs")

bad = False
for text in (
    "1\t1\nA\t²\t1\nA\t1\tB\t1\n",
    "²\t1\nA\t2\t1\nA\t1\tB\t1\n",
    "1\t1\nA\t" + "9" * 5000 + "\t1\nA\t1\tB\t1\n",
):
    Path("pairs.txt").write_text(text)
    try:
        read_pairs("pairs.txt")
    except FacetrialError as error:
        print("good:", str(error)[:100])
    except Exception as error:
        print("bad:", type(error).__name__, str(error)[:100])
        bad = True
sys.exit(bad)
