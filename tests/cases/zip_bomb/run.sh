#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
timeout 120 "$PY" "$HERE/case.py"
