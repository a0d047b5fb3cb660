#!/usr/bin/env bash
# As torchattacks' README writes it: eps=8/255. Hydra hands over text; the answer was "must be real number, not str".
# Good: it works as 8, or the key is named.
. "$(dirname "$0")/../lib.sh"
evaluate "${TINY[@]}" attack=pgd attack.budget.eps=8/255 hydra.run.dir=out >log 2>&1
tail -5 log | cut -c1-200
[ -f out/summary.json ] && "$PY" - <<'PYTHON' && exit 0
import json

with open("out/summary.json") as file:
    attack = json.load(file)["attack"]
print(attack)
raise SystemExit("8" not in str(attack))
PYTHON
grep -q "attack.budget.eps" <(tail -4 log)
