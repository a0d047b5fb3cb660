"""Labeled Faces in the Wild: real photographs, one folder a person.

Huang et al., "Labeled Faces in the Wild: A Database for Studying Face Recognition in Unconstrained
Environments", 2007.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from facetrial.core.errors import FacetrialError
from facetrial.core.locks import file_lock
from facetrial.core.settings import NotNegative, Seed, Unit, whole
from facetrial.data.datamodule import PicturesAPass, PicturesOfAPerson, TestPictures
from facetrial.data.people_folder import PeopleFolder
from facetrial.data.photos.detection import SMALLEST_FACE, DetectorName
from facetrial.data.photos.person_folders import is_a_persons
from facetrial.runtime.schemas import AlignmentName, Privacy, Side

log = logging.getLogger(__name__)


class LFW(PeopleFolder):
    """LFW, or a part of it, in the layout that scikit-learn leaves on disk.

    LFW's pictures are centred on the person: of several faces the one nearest the centre is taken, and where none is
    found the picture is cut where LFW's faces lie on average.

    Args:
        root: the folder of people, or one that holds `lfw_funneled` or `lfw_home/lfw_funneled`; None is where
            scikit-learn keeps LFW, which downloads it there when it is missing.
        size, alignment, cache, min_pictures, margin, on_bad_picture: as in PeopleFolder.
        split_seed, limit, batch_size, train_pictures, train_pictures_from: as in FacesDataModule.
        privacy, detector: as in PeopleFolder.
    """

    names_people_with_few = False  # thousands, whom nobody misses

    @staticmethod
    def usual_root() -> Path:
        """Where it lies where no root is given."""
        return _scikit_learns_lfw()

    @staticmethod
    def source_files(root: Path) -> list[Path]:
        """The picture files below `root`, in any of its layouts."""
        layouts = ("*/*", "lfw_funneled/*/*", "lfw_home/lfw_funneled/*/*")
        return [path for layout in layouts for path in root.glob(layout) if is_a_persons(path)]

    def __init__(
        self,
        root: str | None,
        size: Side,
        alignment: AlignmentName,
        cache: str,
        min_pictures: Annotated[int, whole(3), Unit("pictures of a person")] = 10,
        margin: Annotated[NotNegative, Unit("pixels")] | None = None,
        on_bad_picture: Literal["skip", "error"] = "skip",
        split_seed: Seed = 0,
        limit: TestPictures | None = None,
        batch_size: PicturesAPass | None = None,
        train_pictures: PicturesOfAPerson | None = None,
        train_pictures_from: PicturesOfAPerson | None = None,
        privacy: Privacy = "off",
        detector: DetectorName = "mtcnn",
    ) -> None:
        super().__init__(
            root,
            size,
            alignment,
            cache,
            min_pictures,
            margin,
            face="central",
            smallest_face=SMALLEST_FACE,
            longest_side=None,
            on_no_face="centre",
            on_bad_picture=on_bad_picture,
            split_seed=split_seed,
            limit=limit,
            batch_size=batch_size,
            train_pictures=train_pictures,
            train_pictures_from=train_pictures_from,
            privacy=privacy,
            detector=detector,
        )

    def check_source(self) -> None:
        if self.root is not None:  # else it may have to be downloaded
            super().check_source()

    def people_folder(self) -> Path:
        return people_folder(self.root)


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
    if folder.is_dir() and not archive.exists():  # scikit-learn removes it once all is unpacked
        return folder
    with file_lock(folder):  # two jobs of a sweep would unpack one over the other
        if folder.is_dir() and archive.exists():
            raise FacetrialError(f"unpacking {archive} was cut short. Delete {folder} and start again.")
        if not folder.is_dir():
            _download(home, fetch_lfw_people)
    return folder


def _download(home: Path, fetch: Callable[..., object]) -> None:
    log.warning("LFW is not at %s: scikit-learn downloads it there (233 MB).", home / "lfw_funneled")
    try:
        # The pictures stay on disk; asking for people with this many keeps it from loading more than one of
        # them.
        fetch(min_faces_per_person=500)
    except (OSError, RuntimeError) as error:
        raise FacetrialError(
            f"scikit-learn could not download LFW to {home}: {error}. Connect to the internet, or give a copy "
            "with data.root=DIR (one folder of pictures for each person)."
        ) from error
