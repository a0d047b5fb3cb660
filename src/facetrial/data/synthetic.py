"""`data=synthetic`: invented people drawn by the project itself, so that everything runs with no download."""

from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.randomness import Draws
from facetrial.core.settings import Count, Seed, Unit, whole
from facetrial.data.datamodule import FacesDataModule, PicturesAPass, PicturesOfAPerson, TestPictures
from facetrial.data.photos.alignment import box_from_five_points
from facetrial.data.rendering.identities import draw_people
from facetrial.data.rendering.renderer import Portraits, render
from facetrial.faces.batch import FaceDataset
from facetrial.faces.landmark_names import LEFT_EYE, MOUTH_LEFT, MOUTH_RIGHT, NOSE_TIP, RIGHT_EYE
from facetrial.runtime.schemas import Side

# MTCNN's order goes by the picture: the subject's right eye comes first, at the picture's left.
_FIVE_POINTS = [RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH_RIGHT, MOUTH_LEFT]
_FEWEST_PICTURES = 3

_WOMEN = (
    "Ana", "Mary Ann", "Zoë", "Ingrid", "Amara", "Leila", "Mei", "Chloé", "Nadia", "Freya", "Priya", "Sofía",
    "Yuki", "Helena", "Imani", "Saoirse", "Noor", "Tereza", "Lucía", "Wanjiru", "Elif", "Dagny", "Rosa", "Aoife",
)  # fmt: skip
_MEN = (
    "Bruno", "Jean Luc", "Søren", "Kwame", "Mateus", "Tomáš", "Hiro", "Omar", "Lars", "Dmitri", "Rafael", "Arjun",
    "Émile", "Tariq", "Niko", "Chidi", "Pavel", "Ewan", "Joaquín", "Bao", "Yusuf", "Anton", "Levi", "Matteo",
)  # fmt: skip
_FAMILIES = (
    "Novák", "Okafor", "Lindqvist", "Moreau", "Tanaka", "da Silva", "Haddad", "Kowalska", "Ferrari", "Osei", "Byrne",
    "Petrov", "Núñez", "Chandra", "Weiss", "Aalto", "Mbeki", "Rossi", "Yilmaz", "Larsen", "Castro", "Nguyen",
    "O'Hara", "van Dijk", "Sato", "Baptiste", "Horvat", "Mensah", "Ivanova", "Quispe", "Eriksen", "Farouk", "Brandt",
    "Delacroix", "Ito", "Kaya", "Lehtonen", "Marchetti", "Ndiaye", "Papadakis", "Stone",
)  # fmt: skip
MOST_PEOPLE = len(_WOMEN) * len(_FAMILIES)


def person_folders(masculine: list[bool]) -> list[str]:
    """A folder's name for each of P people, none twice: parts are joined by "_", blanks within a part stay."""
    folders = []
    seen = {True: 0, False: 0}
    for man in masculine:
        number = seen[man]
        seen[man] += 1
        first = _MEN if man else _WOMEN
        turn, place = divmod(number, len(first))
        # 7 and 23 give men and women other families; each turn through the first names moves on by one.
        family = _FAMILIES[(7 * place + turn + (23 if man else 0)) % len(_FAMILIES)]
        folders.append(f"{first[place]}_{family}")
    return folders


class SyntheticFaces(FacesDataModule):
    """Portraits of invented people with exact landmarks, drawn when they are first asked for.

    Args:
        people: number of people.
        pictures: the most pictures a person has.
        pictures_min: the fewest; a person's number is drawn between the two, few people having many.
        size: width and height in pixels.
        people_seed: who the people are and how each picture was taken; apart from the seed of a run.
        split_seed, limit, batch_size, train_pictures, train_pictures_from: see FacesDataModule.

    Raises:
        FacetrialError: numbers that make no data set, saying which.
    """

    synthetic = True

    @checked("data")
    def __init__(
        self,
        people: Annotated[int, whole(2, MOST_PEOPLE)] = 12,
        pictures: Annotated[Count, Unit("of a person")] = 56,
        pictures_min: Annotated[int, whole(_FEWEST_PICTURES), Unit("of a person")] = 24,
        size: Side = 112,
        people_seed: Seed = 0,
        split_seed: Seed = 0,
        limit: TestPictures | None = None,
        batch_size: PicturesAPass | None = None,
        train_pictures: PicturesOfAPerson | None = None,
        train_pictures_from: PicturesOfAPerson | None = None,
    ) -> None:
        super().__init__(split_seed, limit, batch_size, train_pictures, train_pictures_from)
        if not _FEWEST_PICTURES <= pictures_min <= pictures:
            raise FacetrialError(
                f"data.pictures_min must lie between {_FEWEST_PICTURES} (one each to train, validate and test) and "
                f"data.pictures, found pictures_min={pictures_min}, pictures={pictures}."
            )
        self.people = people
        self.pictures = pictures
        self.pictures_min = pictures_min
        self.size = size
        self.people_seed = people_seed

    def numbers(self) -> tuple[Tensor, Tensor]:
        """Each picture's person and number among the person's pictures, int64 (N,) each, person by person."""
        persons = torch.arange(self.people)
        chance = Draws(self.people_seed, persons).uniform((1,), "number of pictures")[:, 0].double()
        span = self.pictures - self.pictures_min + 1
        counts = self.pictures_min + (chance.square() * span).long()
        return persons.repeat_interleave(counts), torch.cat(
            [torch.arange(count) for count in counts.tolist()]
        )

    def portraits(self) -> Portraits:
        """All pictures as they are drawn, with what a FaceDataset has no place for: exact ears."""
        return render(self.people_seed, *self.numbers(), self.size)

    def load_faces(self) -> FaceDataset:
        drawn = self.portraits()
        persons, numbers = self.numbers()
        masculine = draw_people(self.people_seed, torch.arange(self.people)).masculine.bool().tolist()
        folders = person_folders(masculine)
        files = [
            f"{folders[person]}/{folders[person]}_{number + 1:04d}.png"
            for person, number in zip(persons.tolist(), numbers.tolist(), strict=True)
        ]
        landmarks = drawn.landmarks.numpy()
        return FaceDataset(
            pixels=drawn.images.mul(255.0).round_().byte().permute(0, 2, 3, 1).contiguous().numpy(),
            rows=np.arange(len(files)),
            identities=persons.numpy(),
            files=files,
            names=[folder.replace("_", " ") for folder in folders],
            landmarks=landmarks,
            boxes=box_from_five_points(landmarks[:, _FIVE_POINTS]),
            five_points=np.full((len(files), 5, 2), np.nan, dtype=np.float32),  # MTCNN has not looked
        )
