"""Gradient attacks side by side with their peers: the same victim, pictures, budget and steps in one run.

python benchmarks/attacks.py [--pictures 32] [--steps 20] [--rounds 5] [--eps 0.5] [overrides of evaluate.py], such as
data=lfw data.root=DIR embedder=inception_resnet_v1 embedder.weights=FILE. Without --eps the size is looked for at which
PGD leaves between 20 and 80 % of the pictures. Three tables:

1. every picture kept for all steps: images x steps per second, accuracy left, cost;
2. seconds until the accuracy is reached that torchattacks' PGD-100 leaves, fooled pictures leaving;
3. the same at 8/255.

Peers are torchattacks, Foolbox, ART and auto-attack's APGD as torchattacks and ART package it. They get the victim as
its package lays it out, channels first and with parameters that take a gradient, and torchattacks and Foolbox also as
this project loads it, channels last and, for Foolbox, which else computes the parameters' gradient too, frozen. What
they cost is counted at the victim. Each runs in a process of its own, in turn; medians are given. Tables also go to
outputs/attacks.json.
"""

import argparse
import copy
import json
import multiprocessing
import os
import statistics
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from torch import Tensor, nn

import facetrial.runtime.resolvers  # noqa: F401, registers the resolvers that the configs use
from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy
from facetrial.core.files import written_whole
from facetrial.data.datamodule import FacesDataModule
from facetrial.data.splits import evenly_over_people
from facetrial.faces.batch import Faces
from facetrial.regions.regions import Everywhere
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for

JSON = Path("outputs/attacks.json")
STEP = 0.25  # of eps


class Counted(nn.Module):
    """A victim that counts the pictures it is shown, and those whose gradient was asked for."""

    def __init__(self, victim: nn.Module) -> None:
        super().__init__()
        self.victim = victim
        self.forward_passes = self.backward_passes = 0
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        self.forward_passes += len(images)
        scores = self.victim(images.clamp(0, 1))
        if scores.requires_grad:
            scores.register_hook(self._count)
        return scores

    def _count(self, gradient: Tensor) -> None:
        self.backward_passes += len(gradient)


class Memory:
    """The largest memory in use while the block runs, above what was in use before, in MiB."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.peak = 0.0

    def _now(self) -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.peak = max(self.peak, self._now() - self._before)

    def __enter__(self) -> "Memory":
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
            self._before = torch.cuda.memory_allocated() / 2**20
        elif Path("/proc/self/statm").exists():
            self._before = self._now()
            self._done = threading.Event()
            self._thread = threading.Thread(target=self._watch)
            self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        if self.device.type == "cuda":
            self.peak = torch.cuda.max_memory_allocated() / 2**20 - self._before
        elif hasattr(self, "_done"):
            self._done.set()
            self._thread.join()


@dataclass
class Bench:
    """What all are given."""

    victim: nn.Module
    faces: Faces

    def accuracy(self, images: Tensor) -> float:
        """The share still recognised, in float32."""
        with torch.no_grad():
            scores = torch.cat([self.victim(part) for part in images.clamp(0, 1).split(32)])
        return (scores.argmax(1) == self.faces.identities).float().mean().item()

    def wait(self) -> None:
        """Until the device has done what it was told to."""
        if self.faces.images.is_cuda:
            torch.cuda.synchronize()

    def ours(self, method, eps: float, fast: bool = True) -> Callable[[], Tensor]:
        attack = Attack(Everywhere(), Linf(eps), method, fast=fast)

        def run() -> Tensor:
            attacked = attack(self.victim, self.faces, seed=torch.initial_seed())
            run.passes = int(attacked.queries.sum()), int(attacked.steps.sum())
            return attacked.images

        return run

    def peer(
        self, make: Callable[[nn.Module], Callable[[Tensor, Tensor], Tensor]], prepared: bool = False
    ) -> Callable[[], Tensor]:
        """A peer's attack; `prepared` gives it the victim as this project loads it, not as its package does."""
        victim = copy.deepcopy(self.victim).requires_grad_(not prepared)
        if not prepared:
            victim.to(memory_format=torch.contiguous_format)
        counted = Counted(victim)
        attack = make(counted)

        def run() -> Tensor:
            before = counted.forward_passes, counted.backward_passes
            attacked = attack(self.faces.images, self.faces.identities)
            run.passes = counted.forward_passes - before[0], counted.backward_passes - before[1]
            return attacked

        return run


def torchattacks_pgd(eps: float, steps: int):
    def make(victim):
        import torchattacks

        return torchattacks.PGD(victim, eps / 255, STEP * eps / 255, steps)

    return make


def torchattacks_apgd(eps: float, steps: int, loss: str = "ce"):
    def make(victim):
        import torchattacks

        return torchattacks.APGD(victim, eps=eps / 255, steps=steps, n_restarts=1, loss=loss)

    return make


def foolbox_pgd(eps: float, steps: int):
    def make(victim):
        import foolbox

        model = foolbox.PyTorchModel(victim, bounds=(0, 1), device=next(victim.parameters()).device)
        attack = foolbox.attacks.LinfPGD(rel_stepsize=STEP, steps=steps)
        return lambda images, identities: attack(model, images, identities, epsilons=eps / 255)[1]

    return make


def _art_classifier(victim: nn.Module, images: Tensor, people: int):
    from art.estimators.classification import PyTorchClassifier

    return PyTorchClassifier(
        victim,
        nn.CrossEntropyLoss(),
        images.shape[1:],
        people,
        clip_values=(0, 1),
        device_type="gpu" if images.is_cuda else "cpu",
    )


def art_pgd(eps: float, steps: int, faces: Faces, people: int):
    def make(victim):
        from art.attacks.evasion import ProjectedGradientDescentPyTorch

        attack = ProjectedGradientDescentPyTorch(
            _art_classifier(victim, faces.images, people),
            eps=eps / 255,
            eps_step=STEP * eps / 255,
            max_iter=steps,
            num_random_init=1,
            batch_size=len(faces.images),
            verbose=False,
        )
        return lambda images, identities: _from_numpy(attack.generate(*_to_numpy(images, identities)), images)

    return make


def art_apgd(eps: float, steps: int, faces: Faces, people: int):
    def make(victim):
        from art.attacks.evasion import AutoProjectedGradientDescent

        attack = AutoProjectedGradientDescent(
            _art_classifier(victim, faces.images, people),
            eps=eps / 255,
            eps_step=2 * eps / 255,
            max_iter=steps,
            nb_random_init=1,
            batch_size=len(faces.images),
            loss_type="cross_entropy",
            verbose=False,
        )
        return lambda images, identities: _from_numpy(attack.generate(*_to_numpy(images, identities)), images)

    return make


def _to_numpy(images: Tensor, identities: Tensor) -> tuple[np.ndarray, np.ndarray]:
    return images.cpu().numpy(), identities.cpu().numpy()


def _from_numpy(images: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(images).to(like)


def contestants(bench: Bench, eps: float, steps: int) -> dict[str, dict[str, Callable[[], Tensor]]]:
    """Who is compared with whom, each of a table's first with the rest of it."""
    kept = {"at_once": len(bench.faces.images), "early_stop": False}
    pgd, apgd = PGD(CrossEntropy(), steps, STEP, **kept), APGD(CrossEntropy(), steps, **kept)
    people = len(bench.victim.names)
    return {
        "PGD": {
            "facetrial PGD": bench.ours(pgd, eps),
            "facetrial PGD, attack.fast=false": bench.ours(pgd, eps, False),
            "torchattacks PGD": bench.peer(torchattacks_pgd(eps, steps)),
            "torchattacks PGD, prepared victim": bench.peer(torchattacks_pgd(eps, steps), prepared=True),
            "Foolbox LinfPGD": bench.peer(foolbox_pgd(eps, steps)),
            "Foolbox LinfPGD, prepared victim": bench.peer(foolbox_pgd(eps, steps), prepared=True),
            "ART PGD": bench.peer(art_pgd(eps, steps, bench.faces, people)),
        },
        "APGD": {
            "facetrial APGD": bench.ours(apgd, eps),
            "torchattacks APGD": bench.peer(torchattacks_apgd(eps, steps)),
            "ART AutoPGD": bench.peer(art_apgd(eps, steps, bench.faces, people)),
        },
    }


def work(pipe: Connection, overrides: list[str], pictures: int, eps: float, steps: int) -> None:
    """A process of its own for one contestant: says (row of a table) each time it is told (table, name, turn)."""
    bench = prepared(overrides, pictures)
    device = bench.faces.images.device
    tables = contestants(bench, eps, steps)
    while (told := pipe.recv()) is not None:
        table, name, turn = told
        run = tables[table][name]
        torch.manual_seed(turn)
        np.random.seed(turn)  # noqa: NPY002, which ART draws from
        with Memory(device) as memory:
            started = time.perf_counter()
            attacked = run()
            if device.type == "cuda":
                torch.cuda.synchronize()
            seconds = time.perf_counter() - started
        left = bench.accuracy(attacked)
        pipe.send({"seconds": seconds, "left": left, "mib": memory.peak, "passes": run.passes})


def side_by_side(
    table: str, names: list[str], rounds: int, count: int, steps: int, settings: tuple
) -> list[dict]:
    """Runs all in turn, `rounds` times after one to warm up, each in a process that the others' memory is not in."""
    spawn = multiprocessing.get_context("spawn")
    workers = {}
    for name in names:
        here, there = spawn.Pipe()
        process = spawn.Process(target=work, args=(there, *settings), daemon=True)
        process.start()
        workers[name] = process, here
    told: dict[str, list[dict]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name, (_, pipe) in workers.items():
            pipe.send((table, name, turn))
            told[name].append(pipe.recv())
    for process, pipe in workers.values():
        pipe.send(None)
        process.join()
    rows = []
    for name, (first, *rest) in told.items():
        seconds = statistics.median(one["seconds"] for one in rest)
        rows.append(
            {
                "attack": name,
                "seconds": seconds,
                "times_ours": statistics.median(
                    one["seconds"] / ours["seconds"]
                    for one, ours in zip(rest, told[names[0]][1:], strict=True)
                ),
                "images_x_steps_per_second": count * steps / seconds,
                "accuracy_left": statistics.median(one["left"] for one in rest),
                "peak_mib": max(first["mib"], *(one["mib"] for one in rest)),
                "forward": rest[-1]["passes"][0],
                "backward": rest[-1]["passes"][1],
            }
        )
    return rows


def show(title: str, rows: list[dict]) -> None:
    print(f"\n{title}")
    print(f"{'':34}{'img x steps/s':>14}{'seconds':>9}{'x ours':>8}{'left':>7}{'fwd':>8}{'bwd':>8}{'MiB':>7}")
    for row in rows:
        print(
            f"{row['attack']:34}{row['images_x_steps_per_second']:14.1f}{row['seconds']:9.2f}"
            f"{row['times_ours']:8.2f}{100 * row['accuracy_left']:6.1f}%{row['forward']:8d}{row['backward']:8d}"
            f"{row['peak_mib']:7.0f}"
        )


class Timed(PGD):
    """PGD that notes when how many pictures fool the victim as they are; `aside` is what looking took.

    It goes on with those that fool it as they are and not in 8 bits.
    """

    def __call__(self, problem):
        self.aside, self.notes, self.seen = 0.0, [], None
        self.started = time.perf_counter()
        return super().__call__(problem)

    def _staying(self, problem, best, active, queue):
        staying = super()._staying(problem, best, active, queue)
        began = time.perf_counter()
        promising = best.margin > 0
        if self.seen is None or not torch.equal(promising, self.seen):
            self.seen = promising
            with torch.no_grad():
                scores = problem.victim(best.images)
            self.fooled = int(best.criterion.is_adversarial(scores).sum())
        self.notes.append((began - self.started - self.aside, self.fooled))
        self.aside += time.perf_counter() - began
        return staying


def until(bench: Bench, eps: float, steps: int, rounds: int) -> dict:
    """Seconds until ours leaves no more than torchattacks leaves after all its steps; on a GPU after a turn to warm up.

    A picture counts as fooled where the victim is, in float32, by the picture as it is. What the first turn of a GPU
    took, folding and captures among it, is given apart.
    """
    torchattacks = bench.peer(torchattacks_pgd(eps, steps))
    theirs, ours, left, first = [], [], [], 0.0
    method = Timed(CrossEntropy(), steps, STEP)
    attack = Attack(Everywhere(), Linf(eps), method)
    warm_up = int(bench.faces.images.is_cuda)
    for turn in range(rounds + warm_up):
        torch.manual_seed(turn)
        bench.wait()
        started = time.perf_counter()
        attacked = torchattacks()
        bench.wait()
        taken = time.perf_counter() - started
        goal = bench.accuracy(attacked)
        started = time.perf_counter()
        attacked = attack(bench.victim, bench.faces, seed=turn).images
        bench.wait()
        everything = time.perf_counter() - started - method.aside
        if turn < warm_up:
            first = everything
            continue
        theirs.append(taken)
        count = len(bench.faces.images)
        reached = [seconds for seconds, fooled in method.notes if 1 - fooled / count <= goal + 1e-9]
        preparing = everything - method.notes[-1][0]
        ours.append(preparing + reached[0] if reached else float("nan"))
        left.append((goal, bench.accuracy(attacked)))
    return {
        "eps": eps,
        "steps": steps,
        "torchattacks_left": statistics.median(goal for goal, _ in left),
        "ours_left": statistics.median(found for _, found in left),
        "torchattacks_seconds": statistics.median(theirs),
        "ours_seconds": statistics.median(ours),
        "ours_in_the_first_turn": first,
        "times_faster": statistics.median(a / b for a, b in zip(theirs, ours, strict=True)),
    }


def eps_that_leaves_some(bench: Bench) -> float:
    """The size, on a grid of a fifth's steps, at which PGD-20 leaves nearest to half of the pictures."""
    low, high = 0.05, 16.0
    while high / low > 1.15:
        middle = (low * high) ** 0.5
        left = bench.accuracy(bench.ours(PGD(CrossEntropy(), 20, STEP), middle)())
        low, high = (middle, high) if left > 0.5 else (low, middle)
    return round((low * high) ** 0.5, 3)


def configured(overrides: list[str]) -> DictConfig:
    """What `overrides` of evaluate.py make of its config."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    with initialize_config_dir(str(Path(__file__).parents[1] / "conf"), version_base="1.3"):
        return compose("evaluate", ["logger=none", "trainer.default_root_dir=outputs", *overrides])


def prepared(overrides: list[str], pictures: int) -> Bench:
    """The victim that `overrides` of evaluate.py name, and that many test pictures, from all people in turn."""
    return recognizer_and_data(configured(overrides), pictures)[0]


def recognizer_and_data(
    config: DictConfig, pictures: int, with_landmarks: bool = False
) -> tuple[Bench, FacesDataModule]:
    """The recogniser of a config without defences in front of it, so many test pictures, and the data they are of."""
    plan = RecognizerPlan.of(config)
    victim = recognizer_for(plan).freeze()
    data = plan.make_faces(with_landmarks)
    test = data.test_faces
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    faces = test.batch(evenly_over_people(test.identities, pictures, 0))
    return Bench(victim.to(device), faces.to(device)), data


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--eps", type=float)
    parser.add_argument("--skip", choices=["kept", "until"])
    arguments, overrides = parser.parse_known_args()
    bench = prepared(overrides, arguments.pictures)
    victim, faces, device = bench.victim, bench.faces, bench.faces.images.device
    eps = arguments.eps or eps_that_leaves_some(bench)
    steps = arguments.steps
    print(
        f"{type(victim.embedder).__name__}, {len(victim.names)} people, {len(faces.images)} pictures of "
        f"{faces.images.shape[-1]} pixels, "
        f"Linf eps {eps}/255, {steps} steps, {device}, {torch.get_num_threads()} threads, "
        f"{100 * bench.accuracy(faces.images):.1f} % recognised when clean"
    )
    results = {"eps": eps, "steps": steps, "pictures": len(faces.images), "device": str(device)}
    if arguments.skip != "kept":
        settings = overrides, arguments.pictures, eps, steps
        for title, runs in contestants(bench, eps, steps).items():
            count = len(faces.images)
            rows = side_by_side(title, list(runs), arguments.rounds, count, steps, settings)
            results[title] = rows
            show(f"{title}: every picture kept for all steps", rows)
    if arguments.skip != "until":
        print("\nSeconds until the accuracy that torchattacks' PGD-100 leaves")
        results["until"] = []
        for size in (eps, 8.0):
            row = until(bench, size, 100, max(1, arguments.rounds // 2))
            results["until"].append(row)
            print(
                f"  eps {size}/255: torchattacks {row['torchattacks_seconds']:.1f} s (leaves "
                f"{100 * row['torchattacks_left']:.1f} %), facetrial {row['ours_seconds']:.2f} s (leaves "
                f"{100 * row['ours_left']:.1f} % in the end): {row['times_faster']:.1f} times faster"
            )
    with written_whole(JSON) as temporary:
        temporary.write_text(json.dumps(results, indent=2))
    print(f"\nAlso in {JSON}")


if __name__ == "__main__":
    main()
