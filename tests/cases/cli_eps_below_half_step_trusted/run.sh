#!/usr/bin/env bash
# foolbox #245, torchattacks #38: users give eps in [0, 1]. Here eps counts 1/255: up to 0.5 rounding to 8 bits gives
# back the clean picture. A trial that cannot show anything must say so (a warning or trusted: false).
. "$(dirname "$0")/../lib.sh"
evaluate "${TINY[@]}" attack=pgd attack.budget.eps=0.001 hydra.run.dir=out >log 2>&1
"$PY" - <<'PYTHON'
import json
import sys

with open("out/summary.json") as file:
    summary = json.load(file)
left, clean = summary["robust_accuracy"]["value"], summary["clean_accuracy"]["value"]
print("trusted", summary["trusted"], "left", left, "clean", clean)
sys.exit(summary["trusted"])
PYTHON
trusted=$?
grep -q "\[\(WARNING\|ERROR\)\].*eps" log && exit 0
exit $trusted
