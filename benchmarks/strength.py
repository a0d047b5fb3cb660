"""What attacks leave beside what their peers leave: the same victim, pictures, budget and steps.

python benchmarks/strength.py [--pictures 64] [--eps 1.5] [--square-eps 8] [--parts iterative,square,auto,smallest]
[overrides of evaluate.py], such as data=lfw data.root=DIR embedder=mobilefacenet embedder.weights=FILE defense=adv.

1. PGD and APGD of 20 steps, at a size that leaves some: torchattacks and Foolbox;
2. Square of 300 queries: torchattacks, which packages auto-attack's;
3. auto beside PGD on the margin, as attack=pgd takes it, of 100 steps and 5 starts;
4. the median smallest change, after 100 steps (Carlini-Wagner: 5 rounds of 100): Foolbox.

Without --eps the size is looked for at which PGD leaves about half of the pictures. Tables also go to
outputs/strength.json.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from attacks import Bench, eps_that_leaves_some, foolbox_pgd, prepared, torchattacks_apgd, torchattacks_pgd
from torch import Tensor

from facetrial.attacks.attack import Attack
from facetrial.attacks.black_box.square import Square
from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import APGD, TargetedAPGD
from facetrial.attacks.gradient.pgd import PGD
from facetrial.attacks.losses import CrossEntropy, DifferenceOfLogitsRatio, Margin
from facetrial.attacks.method import Method
from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
from facetrial.attacks.minimum_norm.ddn import DDN
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.attacks.sequence import OneAfterAnother
from facetrial.core.files import written_whole
from facetrial.regions.regions import Everywhere

JSON = Path("outputs/strength.json")
STEPS, QUERIES = 20, 300
AT_ONCE = 32  # pictures that a peer is given


def torchattacks_square(eps: float, queries: int):
    def make(victim):
        import torchattacks

        return torchattacks.Square(victim, eps=eps / 255, n_queries=queries)

    return make


def in_parts(attack: Callable[[Tensor, Tensor], Tensor], bench: Bench) -> Tensor:
    """What a peer makes of all pictures, a batch at a time."""
    images, identities = bench.faces.images.split(AT_ONCE), bench.faces.identities.split(AT_ONCE)
    return torch.cat([attack(*part).detach() for part in zip(images, identities, strict=True)])


def left(bench: Bench, run: Callable[[], Tensor], seeds: int) -> dict:
    """The accuracy left, the mean of so many seeds, and the seconds of one."""
    started, found = time.perf_counter(), []
    for seed in range(seeds):
        torch.manual_seed(seed)
        found.append(bench.accuracy(run()))
    return {"left": sum(found) / seeds, "seconds": (time.perf_counter() - started) / seeds}


def by_peer(bench: Bench, make) -> Callable[[], Tensor]:
    attack = make(bench.victim)
    return lambda: in_parts(attack, bench)


def smallest(bench: Bench, budget: Budget, method: Method) -> dict:
    started = time.perf_counter()
    attacked = Attack(Everywhere(), budget, method)(bench.victim, bench.faces, seed=0)
    return {"median": attacked.smallest.median().item(), "seconds": time.perf_counter() - started}


def smallest_of_peer(bench: Bench, budget: Budget, attack) -> dict:
    import foolbox

    model = foolbox.PyTorchModel(bench.victim, bounds=(0, 1), device=bench.faces.images.device)
    started = time.perf_counter()
    changed = in_parts(lambda images, identities: attack.run(model, images, identities), bench)
    seconds = time.perf_counter() - started
    with torch.no_grad():
        fell = torch.cat([bench.victim(part).argmax(1) for part in changed.split(AT_ONCE)])
    sizes = budget.measure(changed - bench.faces.images)
    median = torch.where(fell != bench.faces.identities, sizes, torch.inf).median().item()
    return {"median": median, "seconds": seconds}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--eps", type=float)
    parser.add_argument("--square-eps", type=float, default=8.0)
    parser.add_argument("--parts", default="iterative,square,auto,smallest")
    arguments, overrides = parser.parse_known_args()
    bench = prepared(overrides, arguments.pictures)
    eps, square = arguments.eps or eps_that_leaves_some(bench), arguments.square_eps
    print(
        f"{type(bench.victim.embedder).__name__}, {len(bench.victim.names)} people, {len(bench.faces.images)} "
        f"pictures, {100 * bench.accuracy(bench.faces.images):.1f} % recognised when clean"
    )
    results: dict = {"eps": eps, "square_eps": square}
    parts = arguments.parts.split(",")
    dlr = DifferenceOfLogitsRatio()
    accuracies: dict[str, dict[str, Callable[[], Tensor]]] = {}
    if "iterative" in parts:
        accuracies[f"PGD, {STEPS} steps, {eps}/255"] = {
            "facetrial": bench.ours(PGD(CrossEntropy(), STEPS, 0.25), eps),
            "torchattacks": by_peer(bench, torchattacks_pgd(eps, STEPS)),
            "Foolbox": by_peer(bench, foolbox_pgd(eps, STEPS)),
        }
        for name, loss in (("ce", CrossEntropy()), ("dlr", dlr)):
            accuracies[f"APGD-{name}, {STEPS} steps, {eps}/255"] = {
                "facetrial": bench.ours(APGD(loss, STEPS), eps),
                "torchattacks": by_peer(bench, torchattacks_apgd(eps, STEPS, name)),
            }
    if "square" in parts:
        accuracies[f"Square, {QUERIES} queries, {square}/255"] = {
            "facetrial": bench.ours(Square(Margin(), QUERIES), square),
            "torchattacks": by_peer(bench, torchattacks_square(square, QUERIES)),
        }
    if "auto" in parts:
        methods = {
            "apgd": APGD(CrossEntropy(), 100),
            "targeted_apgd": TargetedAPGD(dlr, 100, targets=9),
            "fmn": FMN(100),
            "square": Square(Margin(), QUERIES),
        }
        accuracies[f"All one after another, {eps}/255"] = {
            "auto": bench.ours(OneAfterAnother(methods), eps),
            "PGD on the margin, 100 steps, 5 starts": bench.ours(PGD(Margin(), 100, 0.1, restarts=5), eps),
        }
    for title, runs in accuracies.items():
        print(f"\n{title}")
        results[title] = {name: left(bench, run, arguments.seeds) for name, run in runs.items()}
        for name, row in results[title].items():
            print(f"  {name:26}{100 * row['left']:6.1f} % left{row['seconds']:9.1f} s", flush=True)
    if "smallest" in parts:
        import foolbox

        linf, l2 = Linf(64.0), L2(20.0)
        for title, budget, method, peer in (
            ("FMN, Linf", linf, FMN(100), foolbox.attacks.LInfFMNAttack(steps=100)),
            ("FMN, L2", l2, FMN(100), foolbox.attacks.L2FMNAttack(steps=100)),
            ("DDN", l2, DDN(CrossEntropy(), 100), foolbox.attacks.DDNAttack(steps=100)),
            (
                "Carlini-Wagner",
                l2,
                CarliniWagner(5, 100),
                foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=5, steps=100),
            ),
        ):
            ours, theirs = smallest(bench, budget, method), smallest_of_peer(bench, budget, peer)
            ratio = ours["median"] / theirs["median"]
            results[title] = {"facetrial": ours, "Foolbox": theirs, "ratio": ratio}
            print(
                f"\n{title}: median smallest change {ours['median']:.5f} ({ours['seconds']:.1f} s), Foolbox "
                f"{theirs['median']:.5f} ({theirs['seconds']:.1f} s): ratio {ratio:.3f}",
                flush=True,
            )
    with written_whole(JSON) as temporary:
        temporary.write_text(json.dumps(results, indent=2))
    print(f"\nAlso in {JSON}")


if __name__ == "__main__":
    main()
