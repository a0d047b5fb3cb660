"""The budget in area: the share of the picture that is changed, by however much."""

from typing import Annotated

from facetrial.attacks.budgets.l0 import L0
from facetrial.core.checked_settings import checked
from facetrial.core.errors import FacetrialError
from facetrial.core.settings import PositiveShare, Unit


class Area(L0):
    """Share of the picture's places that may be changed.

    Args:
        area: in (0, 1].

    Raises:
        FacetrialError: `area` is outside (0, 1].
    """

    norm = "area"

    @checked("attack.budget")
    def __init__(self, area: Annotated[PositiveShare, Unit("of the picture")]) -> None:
        self.area = float(area)

    @property
    def limit(self) -> float:
        return self.area

    def places(self, height: int, width: int) -> int:
        count = int(self.area * height * width)
        if count < 1:
            raise FacetrialError(
                f"attack.budget.area={self.area:g} is less than one pixel of a picture of {height}x{width}; give a "
                "larger one."
            )
        return count
