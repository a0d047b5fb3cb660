"""Pictures in which faces were looked for, with what is known of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from facetrial.data.photos.detection import Detections, Search
from facetrial.data.photos.detection_cache import find_faces
from facetrial.data.photos.image_files import content_digests


@dataclass(frozen=True)
class Searched:
    """N pictures.

    Attributes:
        files: their names below the folder of people.
        paths: where they lie.
        digests: of their content.
        detections: a face of each.
    """

    files: list[str]
    paths: list[Path]
    digests: list[str]
    detections: Detections

    def only(self, wanted: Callable[[str], bool]) -> "Searched":
        """Those whose names are wanted."""
        rows = [row for row, file in enumerate(self.files) if wanted(file)]
        return Searched(
            [self.files[row] for row in rows],
            [self.paths[row] for row in rows],
            [self.digests[row] for row in rows],
            self.detections.select(rows),
        )


def search_faces(pictures: Mapping[str, Path], cache: Path, search: Search) -> Searched:
    """Looks for a face in each picture, or takes from the cache what was found before.

    Args:
        pictures: by their names below the folder of people.
        cache: a folder.
        search: how.
    """
    paths = list(pictures.values())
    digests = content_digests(paths)
    return Searched(list(pictures), paths, digests, find_faces(paths, digests, cache, search))
