"""A calibrated noise level, found once for a victim and kept."""

import hashlib
import json
import logging
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict

from facetrial.core.locks import file_lock
from facetrial.core.plain import write_json
from facetrial.data.build import build_faces
from facetrial.training.checkpoint import checkpoint_path, landmarks_recipe
from facetrial.training.train import recognizer_for

log = logging.getLogger(__name__)


def use_noise_level(config: DictConfig) -> None:
    """Puts the level that `config.calibration` asks for into the attack and into adversarial training.

    The level is found on the victim without defences, so that every defence is tried at the same one, and kept beside
    its checkpoint. Without `calibration` nothing changes.
    """
    if config.calibration is None:
        return
    without_defense = config.copy()
    with open_dict(without_defense):
        without_defense.defense = {}
        without_defense.model.checkpoint = None
    about = OmegaConf.to_container(config.calibration, resolve=True)
    victim_file = checkpoint_path(without_defense)
    victim = recognizer_for(without_defense).freeze()
    decides = [about, victim_file.name, landmarks_recipe(config), config.data.split_seed]
    key = hashlib.blake2b(json.dumps(decides, sort_keys=True).encode(), digest_size=6)
    kept = Path(config.paths.models) / f"noise-level-{key.hexdigest()}.json"
    with file_lock(kept):
        if not kept.is_file():
            log.info("Finding the noise level on validation pictures …")
            faces = build_faces(without_defense, with_landmarks=True)
            calibration = instantiate(config.calibration)
            found = calibration.find(victim, faces.validation_faces, config.data.split_seed)
            write_json(found, kept)
    level = json.loads(kept.read_text())
    log.info("Noise level: RMS %.3f (%s)", level["rms"], kept)
    with open_dict(config):
        config.attack.budget.rms = level["rms"]
        for defense in config.defense.values():
            if OmegaConf.select(defense, "attack.budget.rms") is not None:
                defense.attack.budget.rms = level["rms"]
        config.noise_level = level
