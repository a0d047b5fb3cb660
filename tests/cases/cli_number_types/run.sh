#!/usr/bin/env bash
# Values of a wrong kind must be refused in a sentence: seed=-1, seed=abc, data.batch_size=0, data.limit=1.5 and
# data.split_seed=-1 ended in tracebacks.
. "$(dirname "$0")/../lib.sh"
bad=0
for option in seed=-1 seed=abc seed=99999999999 seed=1.5 data.batch_size=0 data.limit=1.5 data.split_seed=-1; do
  evaluate "${TINY[@]}" attack=pgd attack.method.steps=1 "$option" hydra.run.dir=out paths.models=models \
    paths.cache=cache >log 2>&1
  if grep -q Traceback log; then
    echo "BAD  $option: $(grep -E '^[A-Za-z]*Error' log | tail -1)"
    bad=1
  else
    echo "fine $option: $(tail -1 log | cut -c1-120)"
  fi
done
exit $bad
