"""davidsandberg/facenet #655, #80, DocFace #23: lists of pairs made by hand.

BOM of Notepad, tabs at line ends from a spreadsheet, a number that is no digit.
"""

import sys
from pathlib import Path

from named import named

FacetrialError, read_pairs = named("FacetrialError", "read_pairs")

BODY = "Ann_Lee\t1\t2\nBob\t3\t4\nAnn_Lee\t1\tBob\t2\nBob\t1\tCem\t2\n"
WHOLE = "1\t2\n" + BODY

bad = False
for name, content, works in (
    ("CRLF", WHOLE.replace("\n", "\r\n").encode(), True),
    ("BOM", b"\xef\xbb\xbf" + WHOLE.encode(), True),
    ("tabs at the ends", WHOLE.replace("\n", "\t\n").encode(), True),
    ('header "²"', f"²\n{BODY}".encode(), False),
):
    Path("pairs.txt").write_bytes(content)
    try:
        outcome = f"works, {len(read_pairs('pairs.txt'))} pairs"
        wrong = not works
    except FacetrialError as error:
        outcome, wrong = f"refused: {str(error)[-70:]}", works
    except Exception as error:
        outcome, wrong = f"{type(error).__name__}: {error}", True
    print("BAD " if wrong else "fine", name, "-", outcome)
    bad |= wrong
sys.exit(bad)
