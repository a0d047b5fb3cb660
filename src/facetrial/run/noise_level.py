"""A calibrated noise level, found once for a victim and kept."""

import json
import logging
from pathlib import Path
from typing import Any

from hydra.utils import instantiate

from facetrial.core.digests import digest
from facetrial.core.files import written_whole
from facetrial.core.locks import file_lock
from facetrial.runtime.plan import Settings
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for

log = logging.getLogger(__name__)


def noise_level_of(rule: Settings, plan: RecognizerPlan) -> dict[str, Any]:
    """The level that a rule finds; it is kept beside the victim's checkpoint.

    Args:
        rule: settings of a `StudyRule`.
        plan: of the victim without defences, so that every defence is tried at the same level.

    Returns:
        `rms` and the rest of a `NoiseLevel`.
    """
    seed = plan.data["split_seed"]
    victim = recognizer_for(plan).freeze()
    name = digest([rule, plan.path.name, plan.landmarks_recipe, seed], size=6)
    kept = Path(plan.paths["models"]) / f"noise-level-{name}.json"
    with file_lock(kept):
        if not kept.is_file():
            log.info("Finding the noise level on validation pictures …")
            faces = plan.make_faces(with_landmarks=True).validation_faces
            found = instantiate(rule).find(victim, faces, seed)
            with written_whole(kept) as temporary:
                temporary.write_text(json.dumps(found.as_plain(), indent=2))
    level = json.loads(kept.read_text())
    log.info("Noise level: RMS %.3f (%s)", level["rms"], kept)
    return level
