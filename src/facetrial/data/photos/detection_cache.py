"""One face of each picture, found once and remembered.

What was found is kept in small files, each written whole, under the digests of the pictures' contents: work that was
cut short goes on where it stopped, and pictures that come back in another selection or another folder are not searched
again, but for those that memory or the disk did not give.
"""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import torch
from PIL import Image

from facetrial.core.digests import digest
from facetrial.core.files import recalled, written_whole
from facetrial.core.locks import file_lock
from facetrial.core.progress import progress_bar
from facetrial.data.photos.detection import (
    Detections,
    Detector,
    Search,
    detect_each,
    new_detector,
    nothing_found,
)
from facetrial.data.photos.image_files import BadPicture, NotReadNow, num_workers, use_picture

_CHUNK = 64
_NOT_COUNTED = -1


def find_faces(
    paths: list[Path],
    digests: list[str],
    cache: Path,
    search: Search = Search(),
) -> Detections:
    """One face of each picture, from the cache or found now.

    Args:
        paths: N files.
        digests: their `content_digests`.
        cache: a folder for what was found.
        search: which face is taken.

    Raises:
        FacetrialError: the cache cannot be written to, or the detector lacks a package.
    """
    folder = Path(cache) / "detections" / digest(search.settings, size=6)
    known = _remembered(folder)
    missing = list({d: p for d, p in zip(digests, paths, strict=True) if d and d not in known}.items())
    if missing:
        with file_lock(folder / "search"):
            known = _remembered(folder)  # another process may have found them meanwhile
            if missing := [(name, path) for name, path in missing if name not in known]:
                known |= _search(missing, folder, search)
    unknown = (np.full(4, np.nan, np.float32), np.full((5, 2), np.nan, np.float32), "cannot be opened", 0)
    rows = [known.get(name, unknown) for name in digests]
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32).reshape(-1, 5, 2),
        [row[2] for row in rows],
        np.array([row[3] for row in rows], np.int64),
    )


Known = dict[str, tuple[np.ndarray, np.ndarray, str, int]]


def _remembered(folder: Path) -> Known:
    known: Known = {}
    for path in sorted(folder.glob("[!.]*.npz")):
        known |= recalled(path, _known, zipped=True) or {}
    return known


def _known(content: bytes) -> Known:
    with np.load(io.BytesIO(content), allow_pickle=False) as part:
        names, problems = part["digests"].tolist(), part["problems"].tolist()
        counts = part["counts"].tolist() if "counts" in part else [_NOT_COUNTED] * len(names)
        found = zip(part["boxes"], part["points"], problems, counts, strict=True)
        return dict(zip(names, found, strict=True))


def _search(missing: list[tuple[str, Path]], folder: Path, search: Search) -> Known:
    workers = num_workers()
    size = max(1, min(_CHUNK, -(-len(missing) // workers)))
    chunks = [missing[i : i + size] for i in range(0, len(missing), size)]
    detectors: SimpleQueue[Detector] = SimpleQueue()
    for _ in range(workers):
        detectors.put(new_detector(search))

    def search_in(chunk: list[tuple[str, Path]], advance: Callable[[int], None]) -> Known:
        torch.set_num_threads(1)  # of this thread's own: the chunks are what runs in parallel
        detector = detectors.get()
        try:
            found, passing = _detect([path for _, path in chunk], detector, advance, search)
        finally:
            detectors.put(detector)
        names = [name for name, _ in chunk]
        if lasting := [row for row in range(len(names)) if row not in passing]:
            kept = [names[row] for row in lasting]
            target = folder / f"{digest(' '.join(kept), size=12)}.npz"
            with written_whole(target, seal=True) as path:
                np.savez(path, digests=kept, **vars(found.select(lasting)))
        rows = zip(found.boxes, found.points, found.problems, found.counts.tolist(), strict=True)
        return dict(zip(names, rows, strict=True))

    known: Known = {}
    with progress_bar("Finding faces", len(missing)) as advance:
        executor = ThreadPoolExecutor(workers)
        try:
            for future in as_completed([executor.submit(search_in, chunk, advance) for chunk in chunks]):
                known |= future.result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
    return known


def _detect(
    paths: list[Path], detector: Detector, advance: Callable[[int], None], search: Search
) -> tuple[Detections, set[int]]:
    """What is found, and the rows whose problem is not the picture's own, which may be read another time."""
    found, passing = nothing_found(len(paths)), set()

    def readable() -> Iterator[tuple[int, Image.Image, float]]:
        for row, path in enumerate(paths):
            try:
                yield row, *use_picture(path, search.shrunk)
            except BadPicture as problem:
                found.problems[row] = str(problem)
                if isinstance(problem, NotReadNow):
                    passing.add(row)
                advance(1)

    detect_each(readable(), found, detector, advance, search)
    return found, passing
