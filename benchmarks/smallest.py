"""The smallest changes that are found beside adv-lib's: the same victim, pictures and steps, at several caps.

python benchmarks/smallest.py [--pictures 24] [--steps 100] [--caps 1,2,5,10] [--norms l1,l2,linf]
[--methods FMN,bisection,DDN,CW] [--peers fmn,alma,pdgd,pdpgd,ddn,cw] [overrides of evaluate.py], such as data=lfw
data.root=DIR embedder=mobilefacenet embedder.weights=FILE.

Pictures are those of `--pictures` that are recognised when clean. A cap, the budget that the search is given, is a
multiple of the largest change that adv-lib's FMN needs. Carlini and Wagner's attacks take 5 rounds of so many steps,
bisection 10 probes of a fifth of them. Told are medians, and the median over pictures of the ratio of ours to theirs;
tables also go to outputs/smallest.json. adv-lib: pip install --no-deps adv-lib
"""

import argparse
import importlib.util
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import torch
from attacks import Bench, prepared
from torch import Tensor

from facetrial.attacks.attack import Attack
from facetrial.attacks.budgets.budget import Budget
from facetrial.attacks.budgets.l1 import L1
from facetrial.attacks.budgets.l2 import L2
from facetrial.attacks.budgets.linf import Linf
from facetrial.attacks.gradient.apgd import APGD
from facetrial.attacks.losses import CrossEntropy, Margin
from facetrial.attacks.method import Method
from facetrial.attacks.minimum_norm.bisection import Bisection
from facetrial.attacks.minimum_norm.carlini_wagner import CarliniWagner
from facetrial.attacks.minimum_norm.ddn import DDN
from facetrial.attacks.minimum_norm.fmn import FMN
from facetrial.core.files import written_whole
from facetrial.regions.regions import Everywhere

JSON = Path("outputs/smallest.json")
BUDGETS: dict[str, tuple[float, Callable[[float], Budget]]] = {
    "l1": (1, L1),
    "l2": (2, L2),
    "linf": (math.inf, lambda size: Linf(255 * size)),
}
ROUNDS = 5  # of Carlini and Wagner's attack


def ours(norm: str, steps: int) -> dict[str, Method]:
    bisection = Bisection(APGD(Margin(), max(steps // 5, 1)))
    only_l2 = {"DDN": DDN(CrossEntropy(), steps), "CW": CarliniWagner(ROUNDS, steps)}
    return {"FMN": FMN(steps), "bisection": bisection} | (only_l2 if norm == "l2" else {})


def theirs(norm: str, steps: int) -> dict[str, Callable[..., Tensor]]:
    """adv-lib's attacks. Charts are nothing to them, but visdom, which draws them, is imported with them."""
    sys.modules.setdefault("visdom", ModuleType("visdom"))
    from adv_lib import attacks

    power = BUDGETS[norm][0]
    return {
        "fmn": lambda *given: attacks.fmn(*given, norm=power, steps=steps),
        "pdpgd": lambda *given: attacks.pdpgd(*given, norm=power, num_steps=steps),
    } | {
        "l1": {
            "alma": lambda *given: attacks.alma(*given, distance="l1", num_steps=steps, init_lr_distance=1.0)
        },
        "l2": {
            "alma": lambda *given: attacks.alma(*given, distance="l2", num_steps=steps),
            "pdgd": lambda *given: attacks.pdgd(*given, num_steps=steps),
            "ddn": lambda *given: attacks.ddn(*given, steps=steps, levels=None),
            "cw": lambda *given: attacks.carlini_wagner_l2(
                *given, binary_search_steps=ROUNDS, max_iterations=steps, initial_const=1.0
            ),
        },
        "linf": {"cw": lambda *given: attacks.carlini_wagner_linf(*given, max_iterations=steps)},
    }[norm]


def of_peer(bench: Bench, budget: Budget, attack: Callable[..., Tensor]) -> Tensor:
    changed = attack(bench.victim, bench.faces.images, bench.faces.identities).detach()
    with torch.no_grad():
        fooled = bench.victim(changed).argmax(1) != bench.faces.identities
    return torch.where(fooled, budget.measure(changed - bench.faces.images), torch.inf)


def told(name: str, sizes: Tensor, peers: dict[str, Tensor], started: float) -> dict:
    row = {"median": sizes.median().item(), "fooled": int(sizes.isfinite().sum())}
    # Where neither fools they are as good as each other.
    row["ratios"] = {
        peer: (sizes / found).nan_to_num(1.0, posinf=math.inf).median().item()
        for peer, found in peers.items()
    }
    ratios = "  ".join(f"{peer} {ratio:.3f}" for peer, ratio in row["ratios"].items())
    print(
        f"  {name:22}{row['median']:10.5f}  fooled {row['fooled']}/{len(sizes)}"
        f"{time.perf_counter() - started:7.0f} s  {ratios}",
        flush=True,
    )
    return row


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--caps", default="1,2,5,10")
    parser.add_argument("--norms", default="l1,l2,linf")
    parser.add_argument("--methods", default="FMN,bisection,DDN,CW")
    parser.add_argument("--peers", default="fmn,alma,pdgd,pdpgd,ddn,cw")
    arguments, overrides = parser.parse_known_args()
    if importlib.util.find_spec("adv_lib") is None:
        print("adv-lib is not installed: pip install --no-deps adv-lib")
        return
    bench = prepared(overrides, arguments.pictures)
    known = [bench.victim(part).argmax(1) for part in bench.faces.images.split(32)]
    bench.faces = bench.faces.select((torch.cat(known) == bench.faces.identities).nonzero()[:, 0])
    print(
        f"{type(bench.victim.embedder).__name__}, {len(bench.victim.names)} people, n {len(bench.faces.images)}"
    )
    results: dict = {"n": len(bench.faces.images), "steps": arguments.steps}
    for norm in arguments.norms.split(","):
        make, peers = BUDGETS[norm][1], {}
        unit = make(1.0)
        print(f"\n{norm}: median, and of the ratios to adv-lib's")
        rows = results[norm] = {}
        for name, attack in theirs(norm, arguments.steps).items():
            if name in arguments.peers.split(",") or name == "fmn":
                started = time.perf_counter()
                peers[name] = of_peer(bench, unit, attack)
                rows[f"adv-lib {name}"] = told(f"adv-lib {name}", peers[name], {}, started)
        largest = peers["fmn"][peers["fmn"].isfinite()].max().item()
        for name, method in ours(norm, arguments.steps).items():
            for cap in arguments.caps.split(",") if name in arguments.methods.split(",") else ():
                started = time.perf_counter()
                attack = Attack(Everywhere(), make(1.001 * float(cap) * largest), method)
                found = attack(bench.victim, bench.faces, seed=0).smallest
                rows[f"{name}, cap x{cap}"] = told(f"{name}, cap x{cap}", found, peers, started)
    with written_whole(JSON) as temporary:
        temporary.write_text(json.dumps(results, indent=2))
    print(f"\nAlso in {JSON}")


if __name__ == "__main__":
    main()
