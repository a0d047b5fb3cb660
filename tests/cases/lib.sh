# Sourced by every case: where things lie, a folder to work in that goes away, and the project's commands.
HERE=$(cd "$(dirname "$0")" && pwd)
PROJECT=$(cd "$HERE/../../.." && pwd)
PY=${PY:-$PROJECT/.venv/bin/python}
# The real photographs, where tests/conftest.py looks for them too.
FACETRIAL_SHARED=$(realpath -m "${FACETRIAL_SHARED:-$PROJECT/../shared}")
export FACETRIAL_SHARED OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export PYTHONPATH=$PROJECT/src:$HERE:$(dirname "$HERE")

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1

# A trial of a network of this folder that is not trained, over a few drawn faces.
TINY=(embedder=own embedder._target_=tiny.Tiny model=transfer data.people=4 data.pictures=12 data.pictures_min=8)

limited_python() { timeout "${LIMIT:-240}" "$PY" "$@"; }

evaluate() {
  limited_python "$PROJECT/evaluate.py" callbacks=none logger=none trainer.enable_progress_bar=false "$@"
}

no_traceback() {
  if grep -q "Traceback (most recent call last)" "$1"; then
    echo "BAD: a traceback"
    tail -5 "$1"
    exit 1
  fi
}

needs_photographs() {
  if [ ! -d "$FACETRIAL_SHARED/data/lfw_home/lfw_funneled" ]; then
    echo "no real faces at $FACETRIAL_SHARED: set FACETRIAL_SHARED to the folder that holds data/"
    exit 77
  fi
}
