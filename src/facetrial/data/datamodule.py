"""The datamodule that every set of faces with identities fills in."""

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Self

import numpy as np
import torch
from lightning import LightningDataModule
from torch import nn
from torch.utils.data import DataLoader

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.seeding import ShuffledEpochs
from facetrial.core.settings import Count, Seed, Unit
from facetrial.data.photos.alignment import Alignment
from facetrial.data.photos.detection import Search
from facetrial.data.photos.source_photo import Photograph
from facetrial.data.splits import evenly_over_people, kept_of_each, split_within_people
from facetrial.faces.batch import FaceDataset, Faces, pictures_a_batch, same_batch
from facetrial.faces.on_device import on_device

# What the settings of every dataset of people may be.
TestPictures = Annotated[Count, Unit("test pictures")]
PicturesAPass = Annotated[Count, Unit("pictures")]
PicturesOfAPerson = Annotated[Count, Unit("pictures of a person")]


class FacesDataModule(LightningDataModule):
    """Base of data with identities. A subclass implements `load_faces`, which returns all of its pictures.

    After `setup`, `train_faces`, `validation_faces` and `test_faces` are FaceDatasets and `names` the people.

    Args:
        split_seed: seed of the split and of `limit`; a sweep over `seed` does not touch it.
        limit: number of test pictures to draw evenly over people; None takes all.
        batch_size: pictures a batch; None takes as many as suit the device: 64 on a CPU, 1,024 on a GPU.
        train_pictures: the most training pictures of a person; None takes all. Test pictures stay as they are.
        train_pictures_from: only people with at least so many training pictures are capped; None caps everyone.

    Attributes:
        synthetic: whether the pictures are drawn.
        search: how a face is found in a photograph.
        alignment: how it is cut out; None where pictures are crops from the start.
        bad_pictures: file → reason, for each picture left out, known once the faces are loaded.
        people_left_out: folders of people who have too few pictures that can be used, known then too.
        photographs: int64 (N,), a number for the photograph that each picture is of, known once the faces are loaded;
            pictures of one photograph lie in one part of the split. None: each picture is of its own.
        capped: names of the people whom `train_pictures` caps, known after `setup`.
        not_drawn: how many test pictures `limit` leaves out, known then too.
    """

    synthetic = False
    search = Search()
    alignment: Alignment | None = None
    bad_pictures: Mapping[str, str] = MappingProxyType({})
    people_left_out: Sequence[str] = ()
    photographs: np.ndarray | None = None

    @checked("data")
    def __init__(
        self,
        split_seed: Seed = 0,
        limit: TestPictures | None = None,
        batch_size: PicturesAPass | None = None,
        train_pictures: PicturesOfAPerson | None = None,
        train_pictures_from: PicturesOfAPerson | None = None,
    ) -> None:
        super().__init__()
        self.train_pictures = train_pictures
        self.train_pictures_from = train_pictures_from
        self.capped: tuple[str, ...] = ()
        self.not_drawn = 0
        self.split_seed = split_seed
        self.limit = limit
        self.batch_size = batch_size or pictures_a_batch(torch.device("cpu"))
        self._all_faces: FaceDataset | None = None

    def __repr__(self) -> str:
        if self._all_faces is None:
            return f"{type(self).__name__}(not loaded)"
        whole, side = self._all_faces, self._all_faces.pixels.shape[1]
        parts = [f"{len(whole.names)} people", f"{len(whole)} pictures of {side} x {side}"]
        if hasattr(self, "train_faces"):
            split = (self.train_faces, self.validation_faces, self.test_faces)
            parts.append("{} to train, {} to validate, {} to test".format(*map(len, split)))
        parts += [f"{len(self.bad_pictures)} left out"] if self.bad_pictures else []
        return f"{type(self).__name__}({', '.join(parts)})"

    __str__ = __repr__  # Lightning's own would ask for loaders

    def check_source(self) -> None:
        """Raises FacetrialError where the files are not there, as far as that shows at once."""

    @abstractmethod
    def load_faces(self) -> FaceDataset:
        """All pictures of all people, in a fixed order."""

    @property
    def all_faces(self) -> FaceDataset:
        if self._all_faces is None:
            self._all_faces = self.load_faces()
        return self._all_faces

    def copied(self) -> Self:
        """A copy deep down, but for the pictures, which neither of the two can write into any more."""
        pixels = self.all_faces.pixels
        pixels.flags.writeable = False
        return copy.deepcopy(self, {id(pixels): pixels})

    @property
    def names(self) -> list[str]:
        return self.all_faces.names

    def photograph(self, file: str) -> Photograph:
        """What the picture with this name was cut from: by default the picture itself."""
        faces = self.all_faces
        return Photograph(np.array(faces.pixels[faces.rows[faces.files.index(file)]]), np.eye(2, 3))

    def setup(self, stage: str | None = None) -> None:
        if hasattr(self, "train_faces"):
            return
        faces = self.all_faces
        train, validation, test = split_within_people(faces.identities, self.split_seed, self.photographs)
        if self.train_pictures is not None:
            fewest = self.train_pictures_from or 1
            kept, capped = kept_of_each(faces.identities[train], self.train_pictures, fewest, self.split_seed)
            if not len(capped):
                raise FacetrialError(
                    f"no person has data.train_pictures_from={fewest} training pictures; the most is "
                    f"{np.bincount(faces.identities[train]).max()}. Give a smaller one."
                )
            train, self.capped = train[kept], tuple(faces.names[identity] for identity in capped)
        self.train_faces = faces.subset(train)
        self.validation_faces = faces.subset(validation)
        if self.limit is not None:
            drawn = evenly_over_people(faces.identities[test], self.limit, self.split_seed)
            self.not_drawn, test = len(test) - len(drawn), test[drawn]
        self.test_faces = faces.subset(test)

    def loader(self, faces: FaceDataset, shuffle: bool = False, drop_last: bool = False) -> DataLoader:
        order = ShuffledEpochs(len(faces)) if shuffle else None
        near = faces if self.trainer is None else on_device(faces, self.trainer.strategy.root_device)
        return DataLoader(near, self.batch_size, sampler=order, drop_last=drop_last, collate_fn=same_batch)

    def train_dataloader(self) -> DataLoader:
        # Batch-norm cannot learn from a single picture.
        alone = self.batch_size > 1 and len(self.train_faces) % self.batch_size == 1
        return self.loader(self.train_faces, shuffle=True, drop_last=alone)

    def val_dataloader(self) -> DataLoader:
        return self.loader(self.validation_faces)

    def test_dataloader(self) -> DataLoader:
        return self.loader(self.test_faces)

    @property
    def clean_faces(self) -> "FacesDataModule":
        """The faces behind all wrappers: these."""
        return self

    @property
    def asks_victim(self) -> bool:
        """Whether `head_batches` needs a victim whose head was fitted on clean pictures."""
        return False

    @property
    def needs_fitting(self) -> bool:
        """Whether what perturbs the pictures has to be fitted first, by `fit_attack`."""
        return False

    def fit_attack(self, victim: nn.Module) -> None:
        """Fits what perturbs the pictures: nothing does."""

    def head_batches(self, victim: nn.Module | None = None) -> Iterator[Faces]:
        """Batches, on the CPU and in a fixed order, that the head is fitted on: the training pictures once."""
        yield from self.train_faces.batches(self.batch_size)
