#!/usr/bin/env bash
# verdicts.csv (or report.html) emptied after the trial: the same command says "holds this trial, whole" and ends with
# 0. And a summary.json cut short: "Run the trial again", at each start again. Good: both are made again from the
# shards.
. "$(dirname "$0")/../lib.sh"
trial() {
  "$PY" "$PROJECT/evaluate.py" data.people=3 data.pictures=8 data.pictures_min=8 data.limit=4 trainer.max_epochs=1 \
    landmarks=labels attack=random logger=none callbacks=none paths.models="$WORK/models" \
    paths.cache="$WORK/cache" hydra.run.dir="$WORK/run" >"$1" 2>&1
}
trial whole.log || {
  tail whole.log
  exit 2
}
cp -r run whole

: >run/verdicts.csv
trial emptied.log
status=$?
grep -h "Taken over" emptied.log
size=$(stat -c %s run/verdicts.csv)
echo "rc $status, verdicts.csv $size bytes"

rm -rf run
cp -r whole run
head -c 2000 whole/summary.json >run/summary.json
trial cut.log
status_cut=$?
tail -n 1 cut.log
trial cut_again.log
status_cut_again=$?
tail -n 1 cut_again.log

[ "$size" -gt 0 ] && [ $status_cut -eq 0 ] && [ $status_cut_again -eq 0 ]
