#!/usr/bin/env bash
# The disk is full while results are written (needs root for a small tmpfs): nothing half-written may lie there
# (that is so), and a sentence must say which file.
. "$(dirname "$0")/../lib.sh"
mkdir full
mount -t tmpfs -o size=300k tmpfs full || exit 77
trap 'umount "$WORK/full"; rm -rf "$WORK"' EXIT
evaluate "${TINY[@]}" attack=pgd attack.method.steps=1 paths.models=models paths.cache=cache \
  hydra.run.dir="$WORK/full/out" >log 2>&1
tail -3 log
no_traceback log
