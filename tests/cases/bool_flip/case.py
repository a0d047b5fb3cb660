"""One damaged cell among the booleans of a shard's rows makes ALL of the column's "False" count as True.

pandas leaves the column as text, and to_numpy(dtype=bool) calls every text true. Robust accuracy goes to 100 %, and the
trial stays trusted. Good: FacetrialError, or the pictures are attacked again.
"""

import sys
from pathlib import Path

import pandas as pd
from named import named

FacetrialError, Shards, About, Chosen, summarise = named(
    "FacetrialError", "Shards", "About", "Chosen", "summarise"
)

FOLDER = Path("shards")
PICTURES = 20
VERSIONS = ("clean", "attacked", "8bit")
ABOUT = About(
    data="folder",
    synthetic=False,
    limit=None,
    embedder="small",
    attack="pgd",
    defense="none",
    goal="dodging",
    seed=0,
    chosen=Chosen("pgd", {}, (), {}),
)


def robust_accuracy():
    rows = Shards(FOLDER).read()
    return summarise(rows, ABOUT, {"a": 1, "b": 1}, {}, 1.0, None).robust_accuracy.value


rows = pd.DataFrame(
    {
        "file": [f"a/{number:02}" for number in range(PICTURES)],
        "identity": ["a", "b"] * (PICTURES // 2),
        **{f"predicted_{version}": "a" for version in VERSIONS},
        **{f"correct_{version}": version == "clean" for version in VERSIONS},
        "status": "attacked",
        "reached": True,
    }
)
Shards(FOLDER).write(rows)
print("whole:", robust_accuracy())
file = next(FOLDER.glob("rows-*"))
text = file.read_text()
at = text.index(",True,False,False,") + len(",True,Fals")
file.write_text(text[:at] + "d" + text[at + 1 :])  # 'e' -> 'd': one bit
try:
    found = robust_accuracy()
except FacetrialError as error:
    print("good:", error)
    sys.exit(0)
print("one bit flipped in one of", PICTURES, "rows:", found)
sys.exit(found > 0.1)
