#!/usr/bin/env bash
# A disk that fills up while a training writes its last epoch (or a kill at that moment) on another file system than
# /tmp: Lightning moves last.ckpt there from /tmp, which copies, so the file is left cut short, and every later start
# ends with "Delete ... to start afresh". Needs root (mount). Good: once there is room, the same command goes on from
# the last whole epoch (or begins afresh by itself).
. "$(dirname "$0")/../lib.sh"
mkdir disk
mount -t tmpfs -o size=1500k tmpfs disk || exit 77
trap 'umount -l "$WORK/disk"; rm -rf "$WORK"' EXIT
train() {
  "$PY" "$PROJECT/train.py" model=recognizer trainer.max_epochs=3 data.people=3 data.pictures=10 \
    data.pictures_min=10 logger=none callbacks=none paths.models="$WORK/disk/models" paths.cache="$WORK/cache" \
    hydra.run.dir="$WORK/run"
}
train >first.log 2>&1
tail -n 3 first.log
find disk -type f -exec ls -l {} +
mount -o remount,size=100m disk
train >second.log 2>&1
status=$?
grep -v "^$" second.log | tail -n 2
exit $status
