"""Small trials on drawn faces whose results are kept, to see that a change of the code changes no verdict.

    python tests/golden/trials.py OUT
    python tests/golden/trials.py OUT --all
    python tests/golden/trials.py OUT --expect

The first leaves a folder for each trial below OUT, for `compare.py`: on one machine, two runs agree to the bit. With
--all it is a trial of every attack and defence, in twice the time. The last also writes `expected.json`, what of them
holds on any machine, for `test_golden.py`.

Nothing here knows a module of the package, so that modules may move: `evaluate.py` is run as a user runs it, again and
again in one process, which takes less time than starting Python for each trial.
"""

import argparse
import csv
import json
import os
import re
import runpy
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "evaluate.py"
EXPECTED = Path(__file__).with_name("expected.json")
ENDED = "ended.json"  # written last: the names of the trials, so that a run that was cut short is known

ALWAYS = [
    "embedder=small",
    "embedder.size=48",
    "embedder.channels=8",
    "embedder.dimension=16",
    "landmarks=labels",
    "logger=none",
    "callbacks=none",
    "trainer.accelerator=cpu",
    "trainer.enable_progress_bar=false",
    "paths.models=models",
    "paths.cache=cache",
]
DRAWN = ["data.people=4", "data.pictures=16", "data.pictures_min=16"]
# An untrained network, on which only the SVM is fitted, names the same people on every machine: training would let
# rounding grow.
UNTRAINED = [*DRAWN, "trainer.max_epochs=0"]
FEW = [*DRAWN, "trainer.max_epochs=1", "data.limit=8"]
STEPS = "attack.method.steps=4"

# Each in a folder of its name: what stands on the command line of `evaluate.py`.
TRIALS = {
    "random": ["attack=random", *UNTRAINED, "save_images=true"],
    "landmarks": ["attack=landmarks", *UNTRAINED],
    "pgd": [
        "attack=pgd", "attack/region=eyes", "attack.budget.eps=16", STEPS, "checks=thorough", "physical=saved", *FEW,
        "checks.black_box.method.queries=20", "checks.unbounded_budget.method.steps=5",
    ],
    "impersonation": ["attack=pgd", "goal=impersonation", "goal.target=nearest", STEPS, *FEW],
    "apgd": ["attack=apgd", STEPS, *FEW],
    "fmn": ["attack=fmn", STEPS, *FEW],
    "square": ["attack=square", "attack.method.queries=20", *FEW],
    "patch": ["attack=patch", "attack.method.epochs=1", *FEW],
    "universal": ["attack=universal", "attack.method.epochs=1", *FEW],
    "one_pixel": ["attack=one_pixel", "attack.method.population=20", "attack.method.generations=2", *FEW],
    "hop_skip_jump": ["attack=hop_skip_jump", "attack.method.queries=100", "attack.method.probes=10", *FEW],
    "surrogate": ["attack=pgd", STEPS, "attack.surrogate=small", *FEW],
    "regressor": [
        "attack=landmarks", "landmarks=regressor", "landmarks.model.max_epochs=1",
        "landmarks.model.network.widths=[4,4,8,8]", "landmarks.model.network.blocks=[0,0,0,0]",
        "landmarks.model.network.hidden=16", *FEW,
    ],
    "adv": ["attack=landmarks", "defense=adv", "attack@defense.adv.attack=landmarks", *FEW],
    "jpeg": ["attack=pgd", STEPS, "defense=jpeg", *FEW],
    "smoothing": [
        "attack=ddn", STEPS, "attack/budget=l2", "attack.budget.eps=2", "defense=smoothing", "defense.smoothing.n=20",
        "certificate=cohen", "certificate.n=50", "certificate.n0=10", *FEW,
    ],
    "squeezing": ["attack=pgd", STEPS, "defense=squeezing", *FEW],
    "gallery": ["attack=random", "defense=gallery", *UNTRAINED],
    "folder": ["data=folder", "data.root=people", "data.on_no_face=centre", "attack=random"],
    "pairs": [
        "data=lfw", "data.root=people", "task=verification", "task.pairs=pairs.txt", "attack=pgd", STEPS,
        "attack.budget.eps=16",
    ],
}  # fmt: skip
# Every other attack and defence, with --all: for a change to these.
OTHERS = {
    "transfer": ["attack=transfer", STEPS, "attack.surrogate=small", *FEW],
    "auto": [
        "attack=auto", "attack.method.methods.apgd.steps=4", "attack.method.methods.targeted_apgd.steps=3",
        "attack.method.methods.fmn.steps=4", "attack.method.methods.square.queries=20", *FEW,
    ],
    "targeted_apgd": ["attack=targeted_apgd", STEPS, *FEW],
    "bisection": ["attack=smallest", *FEW],
    "cw": ["attack=cw", *FEW, "data.limit=4"],
    "best_of": ["attack=best_of", *FEW],
    "fgsm": ["attack=fgsm", *FEW],
    "naive_pgd": ["attack=naive_pgd", STEPS, "defense=[squeezing,median]", *FEW],
    "l1": ["attack=fmn", STEPS, "attack/budget=l1", "attack.budget.eps=20", *FEW],
    "cosine": [
        "attack=pgd", STEPS, "attack/loss@attack.method.loss=cosine", "defense=[gallery,jpeg]",
        "goal=impersonation", *FEW,
    ],
    "glasses": ["attack=glasses", "attack.method.epochs=1", *FEW],
    "salt_and_pepper": ["attack=random", "attack/method=salt_and_pepper", "attack/region=mouth", *FEW],
    "resize_pad": ["attack=pgd", STEPS, "defense=resize_pad", *FEW],
    "occlusion": ["attack=pgd", STEPS, "defense=occlusion", *FEW],
    "smoothed_noise": [
        "attack=pgd", STEPS, "defense=[smoothing,noise]", "defense.smoothing.n=20", "defense.smoothing.sigma=0.5", *FEW,
    ],
    "adv_pgd": [
        "attack=pgd", STEPS, "defense=adv_pgd", "defense.adv_pgd.attack.method.steps=2",
        "defense.adv_pgd.epochs=1", "defense.adv_pgd.schedule.grow=0", *FEW,
    ],
    "trades": [
        "attack=pgd", STEPS, "defense=trades", "defense.trades.attack.method.steps=2", "defense.trades.epochs=1", *FEW,
    ],
    "adv_fast": ["attack=pgd", STEPS, "defense=adv_fast", "defense.adv_fast.epochs=1", *FEW],
}  # fmt: skip
# The same, each with -m: a run for every combination, in a folder named by its number.
SWEEPS = {
    "sweep": [
        "attack=random,landmarks,scattered",
        "defense=none,adv_landmarks",
        "hydra.callbacks.sweep.study=true",
        "hydra.callbacks.sweep.defenses=true",
        *FEW,
    ],
    "curves": ["attack=fmn", STEPS, "defense=none,bit_depth", *FEW],
}
# Trials whose pictures do not depend on what the network answers: their rows hold on any machine.
NOISE = ("random", "landmarks", "gallery", "folder")

PEOPLE = ("Ann", "Bob", "Cem", "Dia")
PICTURES = 6  # of each


def run_trials(out: Path, threads: int, others: bool = False) -> None:
    """Runs every trial in its folder below `out`, which must be new or empty; `OTHERS` too where they are asked for."""
    if out.is_dir() and any(out.iterdir()):
        sys.exit(f"{out} is not empty: trials that lie there would be taken over. Name another folder.")
    out.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT / "src"))  # the code beside this script, whatever is installed
    import torch

    torch.set_num_threads(threads)
    os.chdir(out)  # every path below is relative, so that no result names a place
    draw_people(Path("people"))
    list_pairs(Path("pairs.txt"))
    trials = TRIALS | OTHERS if others else TRIALS
    for name, overrides in trials.items():
        evaluate(name, [*ALWAYS, *overrides, f"hydra.run.dir={name}"])
    for name, overrides in SWEEPS.items():
        places = [f"hydra.sweep.dir={name}", "hydra.sweep.subdir=${hydra.job.num}"]
        evaluate(name, ["-m", *ALWAYS, *overrides, *places])
    runs = [path.parent.as_posix() for name in SWEEPS for path in sorted(Path(name).glob("*/summary.json"))]
    Path(ENDED).write_text(json.dumps([*trials, *SWEEPS, *runs], indent=2) + "\n")


def evaluate(name: str, overrides: list[str]) -> None:
    """Runs `evaluate.py` in this process; it ends this one too when it fails."""
    start = time.monotonic()
    sys.argv = [str(ENTRY), *overrides]
    runpy.run_path(str(ENTRY), run_name="__main__")
    print(f"-- {name}: {time.monotonic() - start:.1f} s", flush=True)


def draw_people(folder: Path) -> None:
    """Writes a folder of pictures for each person: an oval of the person's colour, elsewhere in every picture.

    They are one drawing that was moved: some count as one photograph, which goes to one part of the split.
    """
    from PIL import Image, ImageDraw

    colours = ((230, 40, 30), (30, 200, 40), (40, 60, 230), (240, 240, 230))
    for name, colour in zip(PEOPLE, colours, strict=True):
        (folder / name).mkdir(parents=True)
        for number in range(1, PICTURES + 1):
            picture = Image.new("RGB", (112, 112), tuple(255 - value for value in colour))
            pen = ImageDraw.Draw(picture)
            left, top = 26 + number % 4, 12 + number % 3
            pen.ellipse((left, top, left + 56, top + 84), fill=colour)
            for eye in (left + 14, left + 36):
                pen.ellipse((eye, top + 30, eye + 7, top + 36), fill=(20, 20, 20 + 8 * number))
            pen.rectangle((left + 18, top + 60, left + 38, top + 64), fill=(160, 40, 40))
            picture.save(folder / name / f"{name}_{number:04d}.png")


def list_pairs(path: Path) -> None:
    """Writes pairs of the people's pictures, in two folds, in the format of LFW's list."""
    lines = ["2\t4"]
    for first, second in (PEOPLE[:2], PEOPLE[2:]):
        lines += [f"{name}\t{one}\t{one + 1}" for name in (first, second) for one in (1, 3)]
        lines += [f"{first}\t{number}\t{second}\t{number + 1}" for number in range(1, 5)]
    path.write_text("\n".join(lines) + "\n")


def trials_in(out: Path) -> list[str]:
    """The trials below `out`, sweeps and each run of them too; none where the command that ran them did not end."""
    return json.loads((out / ENDED).read_text()) if (out / ENDED).is_file() else []


def written(folder: Path) -> Iterator[Path]:
    """Files of results in a trial's folder, by name: neither Hydra's, nor of its runs, nor of what it resumes from."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not (inside[0] in ("shards", ".hydra") or inside[0].isdigit()):
            yield path


def read_table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The names of a table's columns, and its rows as they are written."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        return list(reader.fieldnames or ()), rows


def expectation(out: Path) -> dict[str, Any]:
    """What holds of the trials below `out` on any machine: nothing that hangs on how a convolution rounds."""
    return {name: expected_of(out / name, noise=name in NOISE) for name in trials_in(out)}


def write_expectation(out: Path) -> None:
    """Writes `expected.json`, with each list of plain values on a line of its own."""
    text = json.dumps(expectation(out), indent=1, ensure_ascii=False)
    text = re.sub(r"\[[^][{}]*\]", lambda found: re.sub(r"\n\s*", " ", found[0]), text)
    EXPECTED.write_text(text + "\n", encoding="utf-8")


def expected_of(folder: Path, noise: bool) -> dict[str, Any]:
    tables = {path.name: read_table(path) for path in written(folder) if path.suffix == ".csv"}
    expected = {
        "files": [path.name for path in written(folder) if path.parent == folder],
        "columns": {name: columns for name, (columns, _) in tables.items()},
        "lengths": {name: len(rows) for name, (_, rows) in tables.items()},
    }
    if (folder / "summary.json").is_file():
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        plain = ("data", "synthetic", "limit", "embedder", "attack", "defense", "goal", "seed", "n")
        expected["summary"] = {name: summary[name] for name in (*plain, "not_attackable", "trusted")}
        expected["keys"] = sorted(summary)
        expected["checks"] = sorted(summary["checks"])
        expected["people"] = {
            name: [figures["n_train"], figures["n_test"]]
            for name, figures in (summary.get("per_identity") or {}).items()
        }
    if "verdicts.csv" in tables:
        versions = ("clean", "attacked", "8bit")
        verdicts = [f"{what}_{version}" for what in ("predicted", "correct") for version in versions]
        named = ["file", "identity", "status", "synthetic", *(["reached", *verdicts] if noise else [])]
        _, rows = tables["verdicts.csv"]
        expected["rows"] = [[row[column] for column in named] for row in rows]
        if noise:
            sizes = ("l2", "linf", "pixels_changed")
            expected["sizes"] = [[float(row[column]) for column in sizes] for row in rows]
    return expected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder")
    parser.add_argument("--expect", action="store_true", help=f"write {EXPECTED.name} too")
    parser.add_argument("--all", action="store_true", help="every attack and every defence")
    parser.add_argument("--threads", type=int, default=1, help="another number may round otherwise")
    arguments = parser.parse_args()
    # Before torch is imported.
    os.environ |= {"OMP_NUM_THREADS": str(arguments.threads), "CUDA_VISIBLE_DEVICES": ""}
    out = arguments.out.resolve()
    run_trials(out, arguments.threads, arguments.all)
    if arguments.expect:
        write_expectation(out)


if __name__ == "__main__":
    main()
