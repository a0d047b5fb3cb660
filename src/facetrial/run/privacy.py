"""privacy=on: no file that a trial writes, or uploads, shows a face. Crops stay in memory, and no picture is kept."""

import shutil
from pathlib import Path

from hydra.utils import instantiate

from facetrial.core.errors import FacetrialError
from facetrial.data.synthetic import SyntheticFaces
from facetrial.recognition.embedders.factory import said_by_class
from facetrial.report.mean_face import FACE, MASK
from facetrial.run.context import TrialContext
from facetrial.runtime.finished_files import those_set_aside
from facetrial.runtime.plan import Plan, class_name


def check_private(context: TrialContext) -> None:
    """Raises FacetrialError where a part of the trial cannot be had without a file that shows faces."""
    if context.images_folder is not None:
        raise FacetrialError("privacy=on: save_images=true keeps attacked pictures. Leave one of them out.")
    if context.physical is not None:
        raise FacetrialError(
            "privacy=on: physical=saved keeps attacked pictures beside their rows, to send them on. Leave one of them "
            "out."
        )
    if said_by_class(context.settings["embedder"], "writes_pictures", False):
        raise FacetrialError(
            f"privacy=on: embedder={context.choices['embedder']} is given pictures as files. Leave one of them out, or "
            "have it answer over HTTP: embedder=http."
        )
    plan = getattr(instantiate(context.settings["landmarks"]), "plan", None)
    drawn = isinstance(plan, Plan) and class_name(plan.data) == SyntheticFaces.__name__.lower()
    if not isinstance(plan, Plan) or drawn or plan.path.is_file():
        return
    defenses = context.defenses.values()
    if context.needs_landmarks(context.attack) or any(defense.needs_landmarks for defense in defenses):
        raise FacetrialError(
            f"privacy=on: there is no landmark network at {plan.path} yet, and its training writes files with the "
            "faces that it learns from. Give landmarks=mtcnn or landmarks.checkpoint=FILE, or train it first, of "
            "faces that may be shown: python train.py model=landmarks."
        )


def forget_pictures(folder: Path) -> None:
    """Takes away what an earlier start without privacy left in a run's folder, of its pictures."""
    for before in those_set_aside(folder):
        forget_pictures(before)
    for name in ("report.html", "showcase.png", FACE, MASK):
        (folder / name).unlink(missing_ok=True)
    kept = (path for place in ("showcase", "saved") for path in folder.glob(f"shards/*/{place}"))
    for place in (folder / "showcase", folder / "images", *kept):
        shutil.rmtree(place, ignore_errors=True)
