#!/usr/bin/env bash
# defense.adv.epochs=-1 trains without end (Lightning's -1); trainer.max_epochs=-1 likewise?
# Good: an error within a minute.
. "$(dirname "$0")/../lib.sh"
bad=0
for option in defense.adv.epochs=-1 trainer.max_epochs=-1; do
  timeout 100 "$PY" "$PROJECT/evaluate.py" data.people=3 data.pictures=8 data.pictures_min=8 data.limit=4 \
    trainer.max_epochs=1 landmarks=labels defense=adv logger=none callbacks=none \
    paths.models="$WORK/models" paths.cache="$WORK/cache" hydra.run.dir="$WORK/run" "$option" >log 2>&1
  status=$?
  echo "$option: rc $status (124 = still running)"
  grep -h "ERROR" log | cut -c1-200
  [ $status -eq 124 ] && bad=1
done
exit $bad
