"""What PGD leaves behind each defence beside an adaptive attack that shares no code with it.

python benchmarks/adaptive.py [--pictures 40] [--eps 2] [--defenses none,bit_depth,jpeg,...] [--with-auto]
[overrides of evaluate.py], such as data=lfw data.root=DIR embedder=mobilefacenet embedder.weights=FILE
landmarks=mtcnn trainer.max_epochs=0. A defence that trains the recogniser, such as adv_pgd, is trained first where
paths.models does not hold it.

The foreign attack goes straight through what has no slope and averages over draws, as the defence declares it; its
start is where the undefended recogniser is farthest from the truth; its steps have momentum and a length that falls
with a cosine; then it goes for the three nearest other people, one after another. It is given twice the gradients that
`attack=pgd` takes at most before that defence, and leaves what it fools. Tables go to outputs/adaptive.json.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from attacks import configured, recognizer_and_data
from hydra.utils import instantiate
from torch import Tensor, nn

from facetrial.core.files import written_whole
from facetrial.defenses.build import defended
from facetrial.faces.batch import Faces
from facetrial.recognition.layers import adaptive_view, answer, base_model, forward_passes
from facetrial.training.plan import RecognizerPlan
from facetrial.training.train import recognizer_for

JSON = Path("outputs/adaptive.json")
ALL = "none,bit_depth,jpeg,blur,median,total_variation,resize_pad,occlusion,squeezing,gallery"
TARGETS, AT_ONCE, MOMENTUM = 3, 20, 0.75


def margins(scores: Tensor, own: Tensor, target: Tensor | None, people: int) -> Tensor:
    """By how much the best other, or the target, is above the own identity and what abstains, (B,)."""
    unwanted = torch.cat([scores.gather(1, own[:, None]), scores[:, people:]], dim=1).amax(1)
    if target is not None:
        return scores.gather(1, target[:, None])[:, 0] - unwanted
    return scores[:, :people].scatter(1, own[:, None], -torch.inf).amax(1) - unwanted


def stands(victim: nn.Module, pictures: Tensor, own: Tensor) -> Tensor:
    """(B,) bool: which pictures are named rightly, or flagged, or left without a name."""
    said = answer(victim, pictures)
    right = (said.scores.argmax(1) == own) | said.abstains
    return right if said.suspicion is None else right | (said.suspicion > 1)


class Foreign:
    """Sign steps within `eps` of the clean pictures; `people` is how many columns stand for identities."""

    def __init__(self, judge: nn.Module, images: Tensor, own: Tensor, eps: float, people: int) -> None:
        self.judge, self.images, self.own, self.eps, self.people = judge, images, own, eps / 255, people

    def climb(self, network: nn.Module, start: Tensor, steps: int, target: Tensor | None = None) -> Tensor:
        """The pictures (B, 3, H, W) of the highest margin on the way."""
        current, velocity = start.clone(), torch.zeros_like(start)
        best, highest = start.clone(), torch.full_like(self.own, -torch.inf, dtype=torch.float32)
        for step in range(steps + 1):
            leaf = current.clone().requires_grad_(True)
            found = margins(network(leaf).float(), self.own, target, self.people)
            (slope,) = torch.autograd.grad(found.sum(), leaf)
            better = found.detach() > highest
            highest = torch.where(better, found.detach(), highest)
            best = torch.where(better[:, None, None, None], current, best)
            slope = slope / slope.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-30)
            velocity = MOMENTUM * velocity + slope
            length = self.eps * 0.5 * (1 + math.cos(math.pi * step / (steps + 1)))
            moved = current + length * velocity.sign()
            low, high = (self.images - self.eps).clamp(min=0), (self.images + self.eps).clamp(max=1)
            current = torch.minimum(torch.maximum(moved, low), high)
        return best

    def keep(self, pictures: Tensor, *others: Tensor) -> list[Tensor]:
        """Goes on with those that still stand as `pictures` show them; `others` are cut alike."""
        right = stands(self.judge, pictures, self.own)
        self.images, self.own = self.images[right], self.own[right]
        return [one[right] for one in others]

    def left(self, gradients: int) -> int:
        """How many pictures still stand after so many gradients a picture."""
        plain, view = base_model(self.judge), adaptive_view(self.judge)
        steps = max(gradients // (1 + (1 + TARGETS) * forward_passes(view)), 5) - 1
        self.keep(self.images)
        start = self.climb(plain, self.images, steps)
        with torch.no_grad():
            others = plain(self.images).scatter(1, self.own[:, None], -torch.inf).topk(TARGETS, 1).indices
        start, others = self.keep(start, start, others)
        for target in (None, *range(TARGETS)):
            if len(self.own) == 0:
                break
            found = self.climb(view, start, steps, None if target is None else others[:, target])
            start, others = self.keep(found, start, others)
        return len(self.own)


def left_by_foreign(victim: nn.Module, faces: Faces, eps: float, gradients: int, people: int) -> int:
    rows = torch.arange(len(faces.images)).split(AT_ONCE)
    return sum(
        Foreign(victim, faces.images[part], faces.identities[part], eps, people).left(gradients)
        for part in rows
    )


def left_by_ours(config, victim: nn.Module, faces: Faces, eps: float) -> tuple[int, float]:
    """How many pictures stand, and the most gradients that a picture took."""
    attack = instantiate(config.attack)
    attacked = attack(victim, faces, seed=0)
    parts = zip(attacked.images.split(AT_ONCE), faces.identities.split(AT_ONCE), strict=True)
    return int(sum(stands(victim, *part).sum() for part in parts)), attacked.steps.max().item()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--eps", type=float, default=2.0)
    parser.add_argument("--defenses", default=ALL)
    parser.add_argument("--with-auto", action="store_true")
    arguments, overrides = parser.parse_known_args()
    plain = configured([*overrides, "defense=none"])
    bench, data = recognizer_and_data(plain, arguments.pictures, with_landmarks=True)
    recognizer, faces = bench.victim, bench.faces
    results: dict = {"n": len(faces.images), "people": len(recognizer.names), "eps": arguments.eps}
    print(f"{len(recognizer.names)} people, n {len(faces.images)}, Linf {arguments.eps}/255; still standing")
    for name in arguments.defenses.split(","):
        row = results[name] = {}
        given = [*overrides, f"defense={name}", "attack=pgd", f"attack.budget.eps={arguments.eps}"]
        plan = RecognizerPlan.of(configured(given))
        own = recognizer_for(plan).freeze().to(faces.images.device) if plan.training_defenses else recognizer
        victim = defended(own, plan.defenses_in_front.values(), data.validation_faces)
        for attack in ("pgd", "auto") if arguments.with_auto else ("pgd",):
            started = time.perf_counter()
            left, gradients = left_by_ours(
                configured([*given, f"attack={attack}"]), victim, faces, arguments.eps
            )
            row[attack] = {"left": left, "gradients": gradients, "seconds": time.perf_counter() - started}
        started = time.perf_counter()
        gradients = 2 * int(row["pgd"]["gradients"])
        left = left_by_foreign(victim, faces, arguments.eps, gradients, len(recognizer.names))
        row["foreign"] = {"left": left, "gradients": gradients, "seconds": time.perf_counter() - started}
        told = "  ".join(
            f"{who} {found['left']} ({found['gradients']:.0f} gradients, {found['seconds']:.0f} s)"
            for who, found in row.items()
        )
        print(f"  {name:18}{told}", flush=True)
        with written_whole(JSON) as temporary:
            temporary.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
