#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
limited_python "$HERE/case.py"
