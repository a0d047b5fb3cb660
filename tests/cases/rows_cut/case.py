"""A rows-*.csv in shards/ that lost its end is read as it is: half a row counts as a row.

It lost it to a full disk at copying, or a crash of the machine: nothing is fsynced. Empty or cut elsewhere: raw pandas
errors, at every restart. Good: that file's pictures are attacked again, or FacetrialError.
"""

import sys
from collections import defaultdict
from pathlib import Path

import pandas as pd
from named import named

FacetrialError, Shards = named("FacetrialError", "Shards")

FOLDER = Path("shards")

rows = pd.DataFrame(
    {
        "file": ["a/1.jpg", "a/2.jpg", "a/3.jpg"],
        "identity": ["a"] * 3,
        "correct_attacked": [True, False, True],
        "margin_attacked": [0.25, -0.123456789, 0.5],
        "gradient": ["fine"] * 3,
    }
)


def as_written(row):
    """Whether a row that was read is one of those written, in all its columns."""
    written = rows[rows["file"] == row["file"]]
    return len(written) == 1 and all(
        column in row and str(row[column]) == str(written[column].iloc[0]) for column in rows
    )


Shards(FOLDER).write(rows)
file = next(FOLDER.glob("rows-*.csv"))
whole = file.read_bytes()
cuts = defaultdict(list)
for kept in range(len(whole)):
    file.write_bytes(whole[:kept])
    try:
        found = Shards(FOLDER).read()
    except FacetrialError:
        continue
    except Exception as error:
        cuts[type(error).__name__].append(kept)
        continue
    if not all(as_written(found.iloc[number]) for number in range(len(found))):
        cuts["a wrong row is taken"].append(kept)
for fault, places in cuts.items():
    print(f"{fault}: {len(places)} of {len(whole)} places where the file is cut, such as byte {places[0]}")
sys.exit(bool(cuts))
