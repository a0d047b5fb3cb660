"""The budget in area: the share of the picture that is changed, by however much."""

from facetrial.attacks.budgets.budget import positive
from facetrial.attacks.budgets.l0 import L0
from facetrial.core.errors import FacetrialError


class Area(L0):
    """Share of the picture's places that may be changed.

    Args:
        area: in (0, 1].

    Raises:
        FacetrialError: `area` is outside (0, 1].
    """

    norm = "area"

    def __init__(self, area: float) -> None:
        self.area = positive(area, "attack.budget.area")
        if area > 1:
            raise FacetrialError(
                f"attack.budget.area must lie in (0, 1], a share of the picture; found {area:g}."
            )

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
