"""What a page brings along."""

import base64
import gzip
import hashlib

from facetrial.report.rendering.html import packed_plotly


def test_the_library_that_draws_is_what_its_name_says():
    packed = base64.b64decode(packed_plotly())
    library = gzip.decompress(packed)
    assert library.startswith(b"/**\n* plotly.js (basic - minified) v4.1.1\n")
    assert b"MIT license" in library[:200]
    assert hashlib.sha256(library).hexdigest()[:16] == "99784e3abfb07b14"
    assert len(packed) < 400_000
