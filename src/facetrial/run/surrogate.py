"""The recogniser that an attack asks in the victim's place, as a plan describes it."""

from facetrial.attacks.surrogate import Surrogate, maps_between
from facetrial.data.datamodule import FacesDataModule
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for


def make_surrogate(plan: RecognizerPlan, faces: FacesDataModule) -> Surrogate:
    """The surrogate.

    Args:
        plan: the victim's, but for the embedder and how it wants faces cut.
        faces: as the victim sees them.
    """
    victim = recognizer_for(plan).freeze()
    seen = plan.make_faces().all_faces
    return Surrogate(victim, maps_between(faces.all_faces, seen), plan.embedder["size"])
