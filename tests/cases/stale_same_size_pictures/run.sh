#!/usr/bin/env bash
. "$(dirname "$0")/../lib.sh"
needs_photographs
limited_python "$HERE/case.py"
