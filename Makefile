# Every target makes the virtual environment first when it is missing.
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/.installed
LFW ?=
KEYPOINTS ?=
WEIGHTS ?= vggface2

.PHONY: setup demo test cases lint poster bench results charts clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@if command -v uv >/dev/null 2>&1; then \
		set -ex; \
		[ -x $(PYTHON) ] || uv venv $(VENV); \
		uv pip install --python $(PYTHON) -c constraints.txt -e '.[dev]'; \
	else \
		set -ex; \
		[ -x $(PYTHON) ] || python3 -m venv $(VENV); \
		$(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; \
	fi
	@touch $(STAMP)

demo: $(STAMP)
	$(PYTHON) evaluate.py experiment=demo

test: $(STAMP)
	$(PYTHON) -m pytest -n auto --dist loadfile

# Situations in which the project misbehaved, each a script: tests/cases/README.md.
cases: $(STAMP)
	PY=$(abspath $(PYTHON)) bash tests/cases/run-all

lint: $(STAMP)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(VENV)/bin/lint-imports
	$(PYTHON) -m mypy

# LFW and the keypoints are downloaded when no folder is given: make poster LFW=DIR KEYPOINTS=DIR WEIGHTS=FILE
poster: $(STAMP)
	$(PYTHON) evaluate.py experiment=poster embedder.weights=$(WEIGHTS) \
		$(if $(LFW),data.root=$(LFW)) $(if $(KEYPOINTS),landmarks.data.root=$(KEYPOINTS))

bench: $(STAMP)
	@for benchmark in benchmarks/*.py; do echo "== $$benchmark"; LFW="$(LFW)" $(PYTHON) $$benchmark || exit 1; done

# What docs/results.md shows, measured, with the page, anew: make results LFW=DIR FACENET=FILE MOBILEFACENET=FILE
# [TABLES=noise,clean] [ADAPTIVE=outputs/adaptive.json] [MORE=hydra/launcher=joblib]. The page alone: make results MORE=--render
results: $(STAMP)
	$(PYTHON) -m benchmarks.results "LFW=$(LFW)" "FACENET=$(FACENET)" "MOBILEFACENET=$(MOBILEFACENET)" \
		$(if $(TABLES),--tables $(TABLES)) $(if $(ADAPTIVE),--adaptive $(ADAPTIVE)) $(MORE)

# The charts of README and docs, of drawn faces: a sweep, and from it three PNG.
CHARTS := outputs/charts
charts: $(STAMP)
	$(PYTHON) evaluate.py -m attack=random,landmarks,pgd landmarks=labels data.limit=36 \
		hydra.sweep.dir=$(CHARTS) 'hydra.sweep.subdir=$${hydra.job.num}'
	cp $(CHARTS)/runs.png docs/charts/attacks.png
	cp $(CHARTS)/1/showcase.png docs/charts/showcase.png
	cp $(CHARTS)/2/verification.png docs/charts/verification.png

clean:
	rm -rf $(VENV) outputs models cache .pytest_cache .ruff_cache .mypy_cache
