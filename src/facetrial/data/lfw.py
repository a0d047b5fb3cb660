"""Labeled Faces in the Wild: real photographs, one folder a person.

Huang et al., "Labeled Faces in the Wild: A Database for Studying Face Recognition in Unconstrained
Environments", 2007. Any folder of the same layout works.
"""

import logging
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np

from facetrial.data.alignment import alignment_named
from facetrial.data.crops import cut_crops
from facetrial.data.detection import Detections, find_faces
from facetrial.data.faces import FaceDataset
from facetrial.data.module import FacesDataModule
from facetrial.data.pictures import SUFFIXES, content_digests
from facetrial.errors import FacetrialError
from facetrial.landmarks.points import NUM_LANDMARKS

log = logging.getLogger(__name__)

_SMALLEST_SPLIT = 3  # one picture each to train, to validate and to test


class LFW(FacesDataModule):
    """Faces of people in a folder with one folder of pictures for each.

    A picture that cannot be used (damaged, empty, too small) is left out, counted and listed in
    `bad_pictures`, or ends the run, as `on_bad_picture` says. A picture in which MTCNN finds no face is cut
    where LFW's faces lie on average, counted and listed in `no_face`; its `five_points` are unknown. Both
    lists are also kept as JSON beside the crops in the cache.

    Args:
        root: the folder of people, or one that holds `lfw_funneled` or `lfw_home/lfw_funneled`; None is where
            scikit-learn keeps LFW, which downloads it there when it is missing.
        size: side of the crops in pixels.
        alignment: "facenet" or "five_points".
        cache: folder for detections and crops.
        min_pictures: people with fewer usable pictures are left out; at least 3.
        margin: for "facenet", pixels of the crop outside the face box; None is 36 at 160, in proportion at
            others.
        on_bad_picture: "skip" or "error".
        split_seed, limit, batch_size: as in FacesDataModule.

    Attributes:
        bad_pictures: file → reason, for each picture left out. Known once the faces are loaded.
        no_face: files in which no face was found. Known once the faces are loaded.
    """

    @staticmethod
    def source_files(root: Path) -> list[Path]:
        """The picture files below `root`, in any of its layouts."""
        layouts = ("*/*", "lfw_funneled/*/*", "lfw_home/lfw_funneled/*/*")
        return [path for layout in layouts for path in root.glob(layout) if _is_a_persons(path)]

    def __init__(
        self,
        root: str | None,
        size: int,
        alignment: str,
        cache: str,
        min_pictures: int = 10,
        margin: float | None = None,
        on_bad_picture: str = "skip",
        split_seed: int = 0,
        limit: int | None = None,
        batch_size: int = 64,
    ) -> None:
        super().__init__(split_seed, limit, batch_size)
        if on_bad_picture not in ("skip", "error"):
            raise FacetrialError(f'data.on_bad_picture must be "skip" or "error", found {on_bad_picture!r}.')
        if min_pictures < _SMALLEST_SPLIT:
            raise FacetrialError(
                f"data.min_pictures must be at least {_SMALLEST_SPLIT}, so that each person has a picture to train, "
                f"to validate and to test; found {min_pictures}."
            )
        self.root = root
        self.alignment = alignment_named(alignment, size, margin)
        self.cache = Path(cache).expanduser()
        self.min_pictures = min_pictures
        self.on_bad_picture = on_bad_picture
        self.bad_pictures: dict[str, str] = {}
        self.no_face: list[str] = []

    def prepare_data(self) -> None:
        # One process fills the cache; the others find it filled in setup.
        _ = self.all_faces

    def load_faces(self) -> FaceDataset:
        folder = people_folder(self.root)
        pictures = pictures_of_people(folder, self.min_pictures)
        files, paths = list(pictures), list(pictures.values())
        digests = content_digests(paths)
        detections = find_faces(paths, digests, self.cache)

        self.bad_pictures = {f: why for f, why in zip(files, detections.problems, strict=True) if why}
        self._report_bad_pictures(folder)
        usable = [row for row, why in enumerate(detections.problems) if not why]
        counts = Counter(_person(files[row]) for row in usable)
        rows = [row for row in usable if counts[_person(files[row])] >= self.min_pictures]
        self._report_people_left_out(folder, files, counts)

        files, paths, digests = ([values[row] for row in rows] for values in (files, paths, digests))
        detections = Detections(detections.boxes[rows], detections.points[rows], [""] * len(rows))
        self.no_face = [f for f, found in zip(files, detections.found, strict=True) if not found]
        if self.no_face:
            log.warning(
                "%d of %d pictures have no face that MTCNN finds; they are cut where LFW's faces lie on average: %s",
                len(self.no_face), len(files), _some(self.no_face),
            )  # fmt: skip
        notes = {
            "alignment": repr(self.alignment),
            "pictures": len(files),
            "no_face": self.no_face,
            "bad_pictures": self.bad_pictures,
        }
        crops = cut_crops(paths, files, digests, detections, self.alignment, self.cache, notes)

        folders, identities = np.unique([_person(file) for file in files], return_inverse=True)
        return FaceDataset(
            pixels=crops.pixels,
            rows=np.arange(len(files)),
            identities=identities.astype(np.int64),
            files=files,
            names=_names(folders.tolist()),
            landmarks=np.full((len(files), NUM_LANDMARKS, 2), np.nan, np.float32),
            boxes=crops.boxes,
            five_points=crops.five_points,
        )

    def _report_bad_pictures(self, folder: Path) -> None:
        if not self.bad_pictures:
            return
        listed = _some([f"{file} ({why})" for file, why in self.bad_pictures.items()])
        if self.on_bad_picture == "error":
            raise FacetrialError(
                f"{len(self.bad_pictures)} picture(s) below {folder} cannot be used: {listed}. Put them right or "
                "remove them, or leave them out with data.on_bad_picture=skip."
            )
        log.warning("%d picture(s) cannot be used and are left out: %s", len(self.bad_pictures), listed)

    def _report_people_left_out(self, folder: Path, files: list[str], counts: Counter) -> None:
        lost = sorted({_person(file) for file in files if counts[_person(file)] < self.min_pictures})
        if not any(count >= self.min_pictures for count in counts.values()):
            raise FacetrialError(
                f"nobody below {folder} has {self.min_pictures} usable pictures; the most is "
                f"{max(counts.values(), default=0)}. Lower data.min_pictures or give another data.root."
            )
        if lost:
            log.warning("%d people have too few usable pictures and are left out: %s", len(lost), _some(lost))


def people_folder(root: str | None) -> Path:
    """The folder that holds one folder a person; downloads LFW by scikit-learn when `root` is None.

    Raises:
        FacetrialError: `root` is not there or holds no folders, or the download failed.
    """
    if root is None:
        return _scikit_learns_lfw()
    given = Path(root).expanduser()
    if not given.is_dir():
        raise FacetrialError(
            f"data.root={root} is not a folder. Give the folder that holds one folder of pictures for each person "
            "(or lfw_funneled), or data.root=null for scikit-learn to download LFW."
        )
    inside = (given / "lfw_funneled", given / "lfw_home" / "lfw_funneled")
    return next((folder for folder in inside if folder.is_dir()), given)


def _scikit_learns_lfw() -> Path:
    from sklearn.datasets import fetch_lfw_people, get_data_home

    home = Path(get_data_home()) / "lfw_home"
    folder, archive = home / "lfw_funneled", home / "lfw-funneled.tgz"
    if folder.is_dir():
        if archive.exists():  # scikit-learn removes it once all is unpacked
            raise FacetrialError(f"unpacking {archive} was cut short. Delete {folder} and start again.")
        return folder
    log.warning("LFW is not at %s: scikit-learn downloads it there (233 MB).", folder)
    try:
        # The pictures stay on disk; asking for people with this many keeps it from loading more than one of
        # them.
        fetch_lfw_people(min_faces_per_person=500)
    except (OSError, RuntimeError) as error:
        raise FacetrialError(
            f"scikit-learn could not download LFW to {home}: {error}. Connect to the internet, or give a copy "
            "with data.root=DIR (one folder of pictures for each person)."
        ) from error
    return folder


def pictures_of_people(folder: Path, min_pictures: int) -> dict[str, Path]:
    """Picture files, sorted, of all people with at least `min_pictures`, by their name below `folder`.

    Names are in Unicode's composed form, whatever the file system keeps: an accent changes no random draw.

    Raises:
        FacetrialError: no folder with pictures, none with enough, or a name that is not Unicode.
    """
    people: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.glob("*/*")):
        if _is_a_persons(path):
            try:
                name = unicodedata.normalize("NFC", f"{path.parent.name}/{path.name}")
                name.encode()
            except UnicodeEncodeError as error:
                raise FacetrialError(f"the name of {str(path)!r} is not Unicode. Rename it.") from error
            people.setdefault(_person(name), {})[name] = path
    if not people:
        raise FacetrialError(
            f"no pictures in {folder}: expected one folder for each person with files ending in "
            f"{', '.join(sorted(SUFFIXES))}. Give the right data.root, or null for scikit-learn to download LFW."
        )
    enough = {name: found for name, found in people.items() if len(found) >= min_pictures}
    if not enough:
        raise FacetrialError(
            f"none of the {len(people)} people in {folder} has {min_pictures} pictures; the most is "
            f"{max(map(len, people.values()))}. Lower data.min_pictures or give another data.root."
        )
    return {file: path for name in sorted(enough) for file, path in sorted(enough[name].items())}


def _is_a_persons(path: Path) -> bool:
    """Whether a path is a picture in a person's folder, not one that a system or a viewer put there."""
    hidden = path.name.startswith(".") or path.parent.name.startswith((".", "__"))
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()


def _person(file: str) -> str:
    return file.split("/", 1)[0]


def _names(folders: list[str]) -> list[str]:
    """People's names as one writes them, or the folders' where two people would then share a name."""
    names = [folder.replace("_", " ") for folder in folders]
    return names if len(set(names)) == len(names) else folders


def _some(items: list[str], shown: int = 5) -> str:
    return ", ".join(items[:shown]) + (f" and {len(items) - shown} more" if len(items) > shown else "")
