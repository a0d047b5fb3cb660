"""Every kind of file that the project writes for itself, small: how it comes to be, and what is read of it.

A kind's `read` is what the product does with the files: it makes again what is damaged, as the product does. What it
returns can be compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.core.errors import FacetrialError
from facetrial.core.plain import write_json
from facetrial.core.provenance import contents_of
from facetrial.data.keypoints_csv import read_frames
from facetrial.metrics.parts import NoiseLevel
from facetrial.recognition.embedders.black_box.function import FunctionEmbedder
from facetrial.recognition.gallery_head import GalleryHead
from facetrial.recognition.victim import Victim
from facetrial.regions.regions import Everywhere
from facetrial.run.finished import finish, finished_before
from facetrial.run.level import noise_level
from facetrial.runtime.checkpoints import load_checkpoint, save_checkpoint, training_cut_short
from facetrial.runtime.failures import read_failure, write_failure
from facetrial.sweep.gather import gather_sweep
from facetrial.sweep.runs import gather_runs
from facetrial.trial.embedding_shards import VERSIONS
from facetrial.trial.held_out import held_out
from facetrial.trial.shards import Shards
from tests.helpers.coloured_dataset import dataset
from tests.helpers.commands import run
from tests.helpers.fitted import halves, universal
from tests.helpers.kaggle_files import kaggle_files
from tests.helpers.made_up import made_up_rows
from tests.helpers.photographs import draw_people, lfw
from tests.helpers.sweeps import add_overrides, made_up_trials, write_trials
from tests.helpers.tiny import tiny_plan
from tests.helpers.victims import trained

ROWS = made_up_rows({"Ann": 7, "Bob": 9}, attacked=0.5)
FILES = ROWS["file"].tolist()
EMBEDDINGS = {
    version: torch.randn(16, 8, generator=torch.Generator().manual_seed(number))
    for number, version in enumerate(VERSIONS)
}
PICTURES = np.random.default_rng(0).random((16, 3, 12, 12), np.float32)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        make: writes them into a folder.
        read: makes of the folder what the product makes of it.
        damaged: which files are damaged, as a pattern below the folder.
    """

    make: Callable[[Path], Any]
    read: Callable[[Path], Any]
    damaged: str = "**/*"


def rows(folder: Path) -> Any:
    shards = Shards(folder)
    lost = ROWS[~ROWS["file"].isin(set(shards.read()["file"]))]
    for _, part in lost.groupby("identity"):
        shards.write(part)
    return shards.rows_of(FILES).to_csv()


def embeddings(folder: Path) -> Any:
    shards = Shards(folder).embeddings
    lost = [row for row, file in enumerate(FILES) if file not in shards.files()]
    for part in (lost[:5], lost[5:]):
        if part:
            shards.write([FILES[row] for row in part], {name: e[part] for name, e in EMBEDDINGS.items()})
    found = shards.read(FILES)
    return [found[version].tobytes() for version in VERSIONS]


def validation(folder: Path) -> Any:
    victim = Victim(lambda images: images.mean((2, 3)), GalleryHead(torch.eye(3)), ["Ann", "Bob", "Zoë"])
    found = held_out(victim.freeze(), dataset(10, seed=0), 4, folder / "validation.safetensors")
    return found.embeddings.tobytes()


def showcase(folder: Path) -> Any:
    shards = Shards(folder)
    for file, picture in list(zip(FILES, PICTURES, strict=True))[:3]:
        if shards.read_picture(file) is None:
            shards.write_picture(file, picture, 1 - picture)
    return [[part.tobytes() for part in shards.read_picture(file)] for file in FILES[:3]]


def saved(folder: Path) -> Any:
    shards = Shards(folder)
    for file, picture in list(zip(FILES, PICTURES, strict=True))[:3]:
        if not shards.has_saved(file):
            shards.write_saved(file, (picture * 255).astype(np.uint8).transpose(1, 2, 0))
    return [shards.read_saved(file).tobytes() for file in FILES[:3]]


def fitted(folder: Path) -> Any:
    attack, kept = Attack(Everywhere(), Linf(32), universal(epochs=2)), folder / "fitted.safetensors"
    if not attack.method.load(kept):
        attack.fit(trained(), halves()[0], 0, folder / "unfinished.safetensors")
        attack.method.save(kept)
    return {name: tensor.numpy().tobytes() for name, tensor in attack.method.fitted.items()}


def cut_short(folder: Path) -> None:
    attack = Attack(Everywhere(), Linf(32), universal(epochs=2))
    epochs = type(attack.method)._step

    def stops(method: Any, problem: Any, state: Any, epoch: int) -> None:
        if epoch == 1:
            raise KeyboardInterrupt
        epochs(method, problem, state, epoch)

    attack.method._step = stops.__get__(attack.method)
    try:
        attack.fit(trained(), halves()[0], 0, folder / "unfinished.safetensors")
    except KeyboardInterrupt:
        return


def crops(folder: Path) -> Any:
    faces = lfw(folder / "people", folder).all_faces
    return faces.pixels.tobytes(), faces.boxes.tobytes(), faces.five_points.tobytes(), faces.files


def people(folder: Path) -> None:
    draw_people(folder / "people", {"Ann": 4, "Bob": 4})
    crops(folder)


def keypoints(folder: Path) -> Any:
    frames = read_frames(folder, "training", folder / "cache")
    return frames.images.numpy().tobytes(), frames.landmarks.numpy().tobytes()


def table(folder: Path) -> None:
    kaggle_files(folder, 5)
    keypoints(folder)


def contents(folder: Path) -> Any:
    return contents_of(sorted((folder / "people").glob("*/*")), folder / "contents.json")


def old_people(folder: Path) -> None:
    import os

    draw_people(folder / "people", {"Ann": 4, "Bob": 4})
    settled = contents_of.__globals__["_MOMENT"]
    contents_of.__globals__["_MOMENT"] = -1.0  # as if they had been there for a while
    try:
        for path in (folder / "people").glob("*/*"):
            os.utime(path, (1e9, 1e9))
        contents(folder)
    finally:
        contents_of.__globals__["_MOMENT"] = settled


def checkpoint(folder: Path) -> Any:
    content = load_checkpoint(folder / "model.ckpt", "recognizer")
    state = {name: tensor.numpy().tobytes() for name, tensor in content.pop("state").items()}
    return state, content


def state() -> dict[str, torch.Tensor]:
    return {name: embeddings.clone() for name, embeddings in EMBEDDINGS.items()}


def training(folder: Path) -> Any:
    from facetrial.training.train import train_recognizer

    plan = tiny_plan(folder, "trainer.max_epochs=2")
    if not plan.path.is_file():
        train_recognizer(plan)
    return {name: tensor.numpy().tobytes() for name, tensor in plan.load()["state"].items()}


def half_trained(folder: Path) -> None:
    from tests.helpers.tiny import killed_in_epoch

    killed_in_epoch(1, folder, "trainer.max_epochs=2", "+callbacks.epochs._target_=tests.helpers.tiny.Epochs")
    assert training_cut_short(tiny_plan(folder, "trainer.max_epochs=2").partial) is not None


def finished(folder: Path) -> Any:
    if finished_before(folder, "asked") is None:
        one_run(folder)
    summary = finished_before(folder, "asked")
    return repr(summary), sorted((path.name, path.read_bytes()) for path in folder.glob("[!d]*"))


def one_run(folder: Path) -> None:
    summary, table = made_up_trials()[0]
    write_json(summary, folder / "summary.json")
    table.to_csv(folder / "verdicts.csv", index=False)
    (folder / "report.html").write_text("<p>" + "a report" * 50)
    finish(folder, "asked")


def sweep(folder: Path) -> Any:
    gather_sweep(folder)
    if told := [run.failure for run in gather_runs(folder) if run.failure is not None]:
        return told[0]  # of the run that could not be read; the other is in the tables
    return [(folder / name).read_bytes() for name in ("sweep.csv", "comparisons.csv")]


def runs(folder: Path) -> None:
    written = write_trials(folder, made_up_trials()[:2], lambda number, _: f"runs/{number}")
    for number, (place, summary) in enumerate(written):
        add_overrides(place, f"attack={summary.attack}", f"seed={number}")
        finish(place, "asked")


def answers(folder: Path) -> Any:
    box = FunctionEmbedder(
        lambda pictures: pictures.reshape(len(pictures), -1)[:, :8] + 1.0, 12, keep=True, cache=folder
    )
    return box(torch.from_numpy(PICTURES)).numpy().tobytes()


def level(folder: Path) -> Any:
    path, found = folder / "noise-level.json", NoiseLevel(0.123, 0.2, 0.123, 0.258, 0.11, {"Ann": 9}, 486)
    if noise_level._kept(path) is None:
        write_json(found, path, checksum=True)
    return repr(noise_level._kept(path))


def trial(folder: Path) -> Any:
    done = run(
        folder,
        "attack=universal",
        "attack.method.epochs=2",
        "data.batch_size=1",
        "save_images=true",
        out="out",
    )
    if done.returncode:
        raise FacetrialError(done.said)
    names = ("verdicts.csv", "tasks.csv", "showcase/*", "images/**/*.png", "mean_*.png")
    left = sorted(path for name in names for path in (folder / "out").glob(name))
    return [(path.name, path.read_bytes()) for path in left]


KINDS = {
    "rows of a batch": Kind(rows, rows),
    "rows, all": Kind(lambda folder: (rows(folder), Shards(folder).compact(ROWS)), rows),
    "embeddings": Kind(embeddings, embeddings),
    "embeddings of validation pictures": Kind(validation, validation),
    "pictures of the showcase": Kind(showcase, showcase),
    "attacked pictures": Kind(saved, saved),
    "fitted patterns": Kind(fitted, fitted),
    "patterns half fitted": Kind(cut_short, fitted),
    "crops and detections": Kind(people, crops, "cache/**/*.np?"),
    "keypoints": Kind(table, keypoints, "cache/**/*.npz"),
    "contents of pictures": Kind(old_people, contents, "contents.json"),
    "checkpoint": Kind(
        lambda folder: save_checkpoint(
            folder / "model.ckpt", "recognizer", state(), {"seed": 0}, names=["Zoë"]
        ),
        checkpoint,
    ),
    "a training's last epoch": Kind(half_trained, training, "models/**/last.ckpt"),
    "finished run": Kind(one_run, finished),
    "runs of a sweep": Kind(runs, sweep, "runs/*/*.*"),
    "noise level": Kind(level, level),
    "answers of a recogniser without slopes": Kind(answers, answers),
    "why a run failed": Kind(
        lambda folder: write_failure(folder, ValueError("no room")), lambda folder: read_failure(folder)
    ),
}
# Whole trials, seconds each.
TRIALS = {
    "a finished trial": Kind(trial, trial, "[om]*/**/*.*"),
    "a trial cut short": Kind(
        lambda folder: (trial(folder), (folder / "out" / "done.json").unlink()), trial, "out/shards/**/*"
    ),
}
