"""Victims from Python: of a run, of a checkpoint, or of an embedder and the people that it is to know."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import Tensor, nn

from facetrial.api.callers_torch import callers_torch
from facetrial.api.known_parts import check_known_parts
from facetrial.api.trained_on import remember
from facetrial.core.errors import FacetrialError
from facetrial.data.datamodule import FacesDataModule
from facetrial.faces.batch import FaceDataset, pictures_a_batch
from facetrial.recognition.embedders.factory import make_embedder
from facetrial.recognition.foreign import as_module
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.scores_head import ScoresHead, fit_head
from facetrial.recognition.victim import Victim, device_of
from facetrial.run.context import TrialContext
from facetrial.runtime.checkpoints import load_checkpoint
from facetrial.runtime.started import config_folder, plain, started_again
from facetrial.training.plan import victim_of


@callers_torch()
def load_victim(run_or_checkpoint: str | Path, own_code: bool = False) -> nn.Module:
    """The victim of a finished trial, behind its defences, or the recogniser in a checkpoint.

    Args:
        run_or_checkpoint: the folder of a run of `facetrial evaluate`, or a file of `models/`.
        own_code: whether it may have classes called that are not of this package, such as an embedder of your own.

    Returns:
        Identity scores (B, C) from images (B, 3, H, W) in [0, 1], frozen and in eval mode, with the people's `names`.

    Raises:
        FacetrialError: it is neither; the run's checkpoint or data are gone, or were made by another config; it names
            what is not of this package.
    """
    path = Path(run_or_checkpoint).expanduser()
    if path.is_dir():
        return _of_run(path, own_code)
    content = load_checkpoint(path, "recognizer")
    made_by = content["config"]
    if not own_code:
        check_known_parts([made_by["embedder"], made_by["model"]["head"]], path)
    embedder = make_embedder(made_by["embedder"], pretrained=False)
    head = instantiate(made_by["model"]["head"])
    return victim_of(content, embedder, head, path).freeze()


def _of_run(folder: Path, own_code: bool) -> nn.Module:
    with started_again(folder) as config:
        if not own_code:
            check_known_parts(plain(config, resolve=False), folder)
        context = TrialContext(config, folder)
        if not context.plan.path.is_file():
            raise FacetrialError(
                f"the recogniser of the run {folder} is not at {context.plan.path.resolve()} any more, or another "
                "version of this code made it. Run the trial again, or give a checkpoint."
            )
        victim = context.victim if context.plan.defenses_in_front else context.recognizer
        plan, its_place = context.plan, Path.cwd()

    def training_pictures() -> FaceDataset:
        with contextlib.chdir(its_place):  # by which its paths go
            return plan.make_faces().train_faces

    remember(victim, training_pictures)
    return victim


@callers_torch()
def load_embedder(name: str, **settings: Any) -> nn.Module:
    """An embedder of the config group `embedder`, in eval mode.

    Args:
        name: "inception_resnet_v1" (FaceNet), "mobilefacenet", "onnx", "own", "callable", "http", "command" or "small",
            which was never trained.
        settings: of its config, such as `weights`, a file.

    Raises:
        FacetrialError: there is none of that name, or it cannot be made with these settings.
    """
    folder = config_folder() / "embedder"
    if name not in (known := sorted(file.stem for file in folder.glob("*.yaml"))):
        raise FacetrialError(f"there is no embedder {name!r}; there are {', '.join(known)}.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # one that was never trained is the same each time
        group = OmegaConf.load(folder / f"{name}.yaml")
        paths = OmegaConf.load(folder.parent / "paths" / "default.yaml")  # which some go by
        config = plain(OmegaConf.create({"paths": paths, "embedder": group}))
        embedder = make_embedder(config["embedder"] | settings)
    return embedder.eval().requires_grad_(False)


@callers_torch()
def enrol(embedder: nn.Module | Callable[[Tensor], Tensor], faces: FacesDataModule) -> Victim:
    """A victim that knows the people of `faces`: by cosine to the mean embedding of each one's training pictures.

    Args:
        embedder: from images (B, 3, H, W) in [0, 1] to embeddings (B, D).
        faces: of `load_faces` or `draw_faces`.

    Raises:
        FacetrialError: the embedder is no module or function, or gives embeddings that nobody can be told by.
    """
    network = as_module(embedder, "an embedder").eval()
    embeddings, train = [], faces.train_faces
    device = device_of(network)
    with torch.no_grad():
        for batch in train.batches(pictures_a_batch(device), device):
            embeddings.append(network(batch.images).float().cpu())
    head = GalleryHead() if getattr(network, "people", None) is None else ScoresHead()
    fit_head(head, network, torch.cat(embeddings).numpy(), train.identities, faces.names)
    victim = Victim(network, head.to(device), faces.names).freeze()
    remember(victim, lambda: train)
    return victim
