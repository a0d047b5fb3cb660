#!/usr/bin/env bash
# A network that gives NaN for noisy pictures (a root of something negative). Black-box searches take NaN for "stands":
# 36 % robust and trusted, where the same network without NaN keeps 0 %.
. "$(dirname "$0")/../lib.sh"
for network in NaNWhenNoisy Tiny; do
  evaluate "${TINY[@]}" embedder._target_=tiny.$network attack=hop_skip_jump attack.method.queries=200 \
    hydra.run.dir=out-$network >log 2>&1 || tail -3 log
done
"$PY" - <<'PYTHON'
import json
import sys


def summary(network):
    with open(f"out-{network}/summary.json") as file:
        return json.load(file)


with_nan, without = summary("NaNWhenNoisy"), summary("Tiny")
left, trusted = with_nan["robust_accuracy"]["value"], with_nan["trusted"]
left_without = without["robust_accuracy"]["value"]
print("with NaN: left", left, "trusted", trusted, "| without: left", left_without)
sys.exit(trusted and left > left_without)
PYTHON
