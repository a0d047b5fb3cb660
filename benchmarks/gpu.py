"""What a GPU is kept busy with: attacks beside the bare step of the same network, and beside torchattacks, in one run.

python benchmarks/gpu.py [--weights DIR] [--lfw DIR] [--parts kept,until,command,methods,training,graphs] [--small]

DIR of weights holds inception_resnet_v1_vggface2.safetensors and mobilefacenet_y1.safetensors, that of LFW a folder for
each person; by default the environment's WEIGHTS and LFW. --small takes a few pictures and steps, to try it on a CPU.

1. kept: PGD-20 on FaceNet with every picture kept, at 64, 256 and 1,024, as it begins and as it goes on in a long run,
   when its passes are compiled, beside torchattacks and the bare step (forward, gradient, sign step, projection) of
   the same copy of the network as one CUDA graph, compiled or not;
2. until: seconds to what torchattacks' PGD-100 leaves, warm;
3. command: `evaluate.py attack=pgd` on 760 pictures, twice: the second finds everything in the cache;
4. methods: FMN-100, APGD-100 and Square of 1,000 queries on MobileFaceNet, the votes of randomised smoothing;
5. training: PGD training of MobileFaceNet, seconds an epoch;
6. graphs: each method with graphs against without: on how many pictures verdicts differ.

Medians. Tables also go to outputs/gpu.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from attacks import Bench, configured, recognizer_and_data, torchattacks_pgd, until
from torch import Tensor

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.core.files import written_whole
from facetrial.defenses.smoothing import Smoothed, Smoothing
from facetrial.recognition import compiled as compiling
from facetrial.recognition import cuda_graphs
from facetrial.recognition.fast_copy import FastCopy, low_is_faster
from facetrial.regions.regions import Everywhere

JSON = Path("outputs/gpu.json")
EPS, STEPS, STEP = 1.5, 20, 0.25
FACENET, MOBILE = "inception_resnet_v1_vggface2", "mobilefacenet_y1"


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    batches: tuple[int, ...] = (64, 256, 1024)
    rounds: int = 5
    until_pictures: int = 1024
    until_steps: int = 100
    command_pictures: int = 760
    pictures: int = 1024
    steps: int = 100
    queries: int = 1000
    votes: int = 100_000
    epochs: int = 4


SMALL = Sizes((8, 16), 2, 16, 10, 12, 24, 6, 30, 64, 1)


class Machine:
    """Where all runs, and what is loaded there."""

    def __init__(self, weights: Path, lfw: Path, outputs: Path) -> None:
        self.weights, self.lfw, self.outputs = weights, lfw, outputs
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def name(self) -> str:
        return torch.cuda.get_device_name() if self.device.type == "cuda" else "CPU"

    def overrides(self, network: str) -> list[str]:
        embedder = "inception_resnet_v1" if network == FACENET else "mobilefacenet"
        return [
            "data=lfw",
            f"data.root={self.lfw}",
            f"embedder={embedder}",
            f"embedder.weights={self.weights / network}.safetensors",
            "trainer.max_epochs=0",
            "trainer.enable_progress_bar=false",
            "callbacks=none",
            f"paths.models={self.outputs / 'models'}",
            f"paths.cache={self.outputs / 'cache'}",
        ]

    def bench(self, network: str, pictures: int) -> Bench:
        return recognizer_and_data(configured(self.overrides(network)), pictures)[0]

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def seconds(self, run: Callable[[], object], rounds: int) -> float:
        """The median of `rounds` runs, after two to warm up."""
        taken = []
        for turn in range(rounds + 2):
            self.wait()
            started = time.perf_counter()
            run()
            self.wait()
            taken += [time.perf_counter() - started] if turn > 1 else []
        return statistics.median(taken)


def first(bench: Bench, count: int) -> Bench:
    return Bench(bench.victim, bench.faces.select(torch.arange(count, device=bench.faces.images.device)))


def bare_step(bench: Bench, machine: Machine, compiled: bool) -> Callable[[], object]:
    """STEPS steps of PGD and nothing else, each one CUDA graph where there are any."""
    copy = FastCopy(bench.victim, low_is_faster(machine.device))
    network = torch.compile(copy.network) if compiled else copy.network
    images = bench.faces.images.contiguous(memory_format=torch.channels_last)
    current = images.clone().requires_grad_(True)
    eps = EPS / 255

    def step() -> None:
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=copy.low, cache_enabled=False):
            scores = copy.head(network(current).float())
        loss = torch.nn.functional.cross_entropy(scores, bench.faces.identities, reduction="sum")
        (slope,) = torch.autograd.grad(loss, current)
        with torch.no_grad():
            moved = torch.minimum(
                torch.maximum(current + STEP * eps * slope.sign(), images - eps), images + eps
            )
            current.copy_(moved.clamp(0.0, 1.0))

    run = step
    if machine.device.type == "cuda":
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            for _ in range(3):
                step()
        here.wait_stream(aside)
        machine.wait()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        run = graph.replay
    return lambda: [run() for _ in range(STEPS)]


def compiled_at_once(bench: Bench, count: int) -> Callable[[], object]:
    """The same attack as a long run goes on, when the passes of its size have been compiled."""
    run = bench.ours(PGD(CrossEntropy(), STEPS, STEP, at_once=count, early_stop=False), EPS)
    by_rule = compiling.FROM, compiling.AFTER
    compiling.FROM, compiling.AFTER = 1, 0
    try:
        run()
    finally:
        compiling.FROM, compiling.AFTER = by_rule
    return run


def kept(machine: Machine, sizes: Sizes) -> list[dict]:
    bench = machine.bench(FACENET, max(sizes.batches))
    rows = []
    for count in sizes.batches:
        part = first(bench, count)
        ours = part.ours(PGD(CrossEntropy(), STEPS, STEP, at_once=count, early_stop=False), EPS)
        theirs = part.peer(torchattacks_pgd(EPS, STEPS), prepared=False)
        row: dict = {"pictures": count}
        runs: dict[str, Callable[[], Callable[[], object]]] = {
            "ours": lambda ours=ours: ours,
            "ours_compiled": lambda part=part, count=count: compiled_at_once(part, count),
            "torchattacks": lambda theirs=theirs: theirs,
            "captured": lambda part=part: bare_step(part, machine, compiled=False),
            "compiled": lambda part=part: bare_step(part, machine, compiled=True),
        }
        for name, make in runs.items():
            try:
                started = time.perf_counter()
                run = make()
                row[f"{name}_preparing"] = time.perf_counter() - started
                row[name] = count * STEPS / machine.seconds(run, sizes.rounds)
            except Exception as error:  # a bare step that cannot be captured or compiled here
                print(f"{name} at {count}: {error}")
        none = float("nan")
        best = max((row[name] for name in ("captured", "compiled") if name in row), default=none)
        ours_best = max((row[name] for name in ("ours", "ours_compiled") if name in row), default=none)
        row |= {
            "of_the_best_bare_step": ours_best / best,
            "times_torchattacks": row.get("ours", none) / row.get("torchattacks", none),
        }
        rows.append(row)
    return rows


def until_theirs(machine: Machine, sizes: Sizes) -> list[dict]:
    bench = machine.bench(FACENET, sizes.until_pictures)
    until(first(bench, min(64, sizes.until_pictures)), EPS, 5, 1)
    return [until(bench, eps, sizes.until_steps, 2) for eps in (1.5, 8.0)]


def command(machine: Machine, sizes: Sizes) -> list[dict]:
    """Two starts of the whole command, the second on what the first left in the cache."""
    rows = []
    script = Path(__file__).parents[1] / "evaluate.py"
    for turn in (1, 2):
        folder = machine.outputs / f"command{turn}"
        words = [
            f"hydra.run.dir={folder}",
            "attack=pgd",
            f"data.limit={sizes.command_pictures}",
            "logger=none",
        ]
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, script, *machine.overrides(FACENET), *words], capture_output=True, text=True
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            print(done.stderr[-2000:])
            break
        summary = json.loads((folder / "summary.json").read_text())
        rows.append({"start": turn, "whole": seconds, "loop": summary["seconds"], "n": summary["n"]})
    return rows


def methods(machine: Machine, sizes: Sizes) -> list[dict]:
    bench = machine.bench(MOBILE, sizes.pictures)
    faces, count = bench.faces, len(bench.faces.images)
    rows = []
    for name, method, eps, passes in (
        (f"FMN-{sizes.steps}", FMN(sizes.steps), 64, sizes.steps),
        (f"APGD-{sizes.steps}", APGD(CrossEntropy(), sizes.steps, early_stop=False), EPS, sizes.steps),
        (f"Square, {sizes.queries} queries", Square(Margin(), sizes.queries), 8, sizes.queries),
    ):
        attack = Attack(Everywhere(), Linf(eps), method)
        asked: list[int] = []

        def run(attack=attack, asked=asked) -> None:
            asked.append(int(attack(bench.victim, faces, seed=0).queries.sum()))

        seconds = machine.seconds(run, 1)
        rows.append(
            {"method": name, "n": count, "seconds": seconds, "images_x_steps": count * passes / seconds,
             "answers": asked[-1] / seconds}
        )  # fmt: skip
    smoothed = Smoothed(bench.victim, Smoothing(0.25, sizes.votes, 0.001, 8, 1024, 0))
    picture = faces.images[:1]
    seconds = machine.seconds(lambda: smoothed.votes(picture, sizes.votes, "prediction"), 1)
    rows.append(
        {
            "method": f"smoothing, {sizes.votes} votes",
            "n": 1,
            "seconds": seconds,
            "answers": sizes.votes / seconds,
        }
    )
    return rows


def training(machine: Machine, sizes: Sizes) -> list[dict]:
    """PGD training (5 steps) of MobileFaceNet from its clean weights, by the command itself."""
    folder = machine.outputs / "training"
    words = [
        f"hydra.run.dir={folder}",
        "model=recognizer",
        "defense=adv_pgd",
        f"defense.adv_pgd.epochs={sizes.epochs}",
        "defense.adv_pgd.attack.method.steps=5",
        "defense.adv_pgd.schedule.grow=0",
        "data.train_pictures=7",
        "logger=none",
        *(["data.min_pictures=60"] if sizes is SMALL else []),
    ]
    script = Path(__file__).parents[1] / "train.py"
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, script, *machine.overrides(MOBILE), *words], capture_output=True, text=True
    )
    if done.returncode:
        print(done.stderr[-2000:])
        return []
    seconds = time.perf_counter() - started
    return [{"epochs": sizes.epochs, "whole": seconds, "an_epoch_at_most": seconds / sizes.epochs}]


def graphs(machine: Machine, sizes: Sizes) -> list[dict]:
    """With graphs and without, draws and all: on how many pictures the verdicts differ."""
    bench = machine.bench(MOBILE, min(sizes.pictures, 256))

    def fooled(method, eps: float, with_graphs: bool) -> tuple[Tensor, str | None]:
        kept_captures = dict(cuda_graphs.CAPTURES)
        if not with_graphs:
            cuda_graphs.CAPTURES.clear()
        try:
            attack = Attack(Everywhere(), Linf(eps), method)
            images = attack(bench.victim, bench.faces, seed=1).images
        finally:
            cuda_graphs.CAPTURES.update(kept_captures)
        with torch.no_grad():
            return bench.victim(images).argmax(1) != bench.faces.identities, attack.chosen_by

    rows = []
    for name, method, eps in (
        ("PGD", PGD(Margin(), STEPS, STEP, decay=True), EPS),
        (
            "PGD with momentum and changed views",
            PGD(Margin(), STEPS, STEP, momentum=0.9, di_prob=0.7),
            4 * EPS,
        ),
        ("APGD", APGD(CrossEntropy(), STEPS), EPS),
        ("FMN", FMN(STEPS), 64),
        ("Square", Square(Margin(), min(sizes.queries, 200)), 8),
    ):
        (with_graphs, told), (without, _) = (fooled(method, eps, graphs) for graphs in (True, False))
        differ = int((with_graphs != without).sum())
        rows.append(
            {"method": name, "n": len(without), "verdicts_that_differ": differ, "steps_chosen_by": told}
        )
    return rows


PARTS = {
    "kept": kept,
    "until": until_theirs,
    "command": command,
    "methods": methods,
    "training": training,
    "graphs": graphs,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, default=os.environ.get("WEIGHTS"))
    parser.add_argument("--lfw", type=Path, default=os.environ.get("LFW"))
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--outputs", type=Path)
    arguments = parser.parse_args()
    if arguments.weights is None or arguments.lfw is None:
        print("Nothing is measured: give --weights and --lfw, or set WEIGHTS and LFW.")
        return
    outputs = arguments.outputs or Path(tempfile.mkdtemp())
    machine = Machine(Path(arguments.weights).resolve(), Path(arguments.lfw).resolve(), outputs.resolve())
    sizes = SMALL if arguments.small else Sizes()
    found: dict = {"device": machine.name, "torch": torch.__version__}
    print(f"{machine.name}, torch {torch.__version__}")
    for name in arguments.parts.split(","):
        started = time.perf_counter()
        found[name] = PARTS[name](machine, sizes)
        print(f"\n{name} ({time.perf_counter() - started:.0f} s)", flush=True)
        for row in found[name]:
            print("  " + "  ".join(f"{key} {_short(value)}" for key, value in row.items()), flush=True)
        with written_whole(JSON) as temporary:
            temporary.write_text(json.dumps(found, indent=2))


def _short(value: object) -> str:
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and value < 1000
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )


if __name__ == "__main__":
    main()
