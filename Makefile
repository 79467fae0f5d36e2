# The course's commands; `make help` lists them. Every target sets up the one .venv if it must.
PYTHON ?= python3
# A container brings its environment with it and names it (.devcontainer/Dockerfile).
VENV   := $(or $(COURSE_VENV),.venv)
BIN    := $(VENV)/bin
PY     := $(BIN)/python
READY  := $(VENV)/.ready
JOBS   ?= 2
# The same numbers on every machine: no threads inside a worker, no colour codes in stored text.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export PYTHONHASHSEED ?= 0
export PYDEVD_DISABLE_FILE_VALIDATION := 1
unexport MPLBACKEND

.DEFAULT_GOAL := help
.PHONY: help setup book page offline pdf test near lint notebooks chapter lab data bench release-check lock clean test-lint test-code test-notebooks test-pages

help:  ## list these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## install everything into .venv (the other commands do it by themselves)

# The recipe runs the first time and whenever a requirement changes.
$(READY): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"the course needs Python 3.11 or newer, {sys.executable} is {v[0]}.{v[1]}: make PYTHON=python3.12 ...")'
	@$(PY) -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV): several GB the first time, a few minutes ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --progress-bar on -r requirements.txt -c constraints.txt
	@touch $@

book: $(READY)  ## build the book and name the page to open
	@$(PY) book/_tools/build.py

page: $(READY)  ## take over a page's changed text and build what changed: NAME=slug, seconds
	@$(PY) book/_tools/notebooks.py text $(NAME)
	@$(PY) book/_tools/build.py $(NAME)

test: test-lint test-code test-notebooks test-pages  ## run every check there is

test-lint: $(READY)
	@$(PY) book/_tools/timed.py "style, spelling, notebooks in step" -- $(MAKE) --no-print-directory lint

near: $(READY)  ## run the tests in the neighbourhood of one file: FILE=lessonlib/evaluation/auc.py
	@$(PY) book/_tools/near.py "$(FILE)"

lint: $(READY)  ## style, spelling, and notebooks in step with their chapters
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/codespell
	@$(PY) book/_tools/notebooks.py check

test-code: $(READY)  ## the tests of lessonlib, exercises and grader
	@$(PY) book/_tools/timed.py "tests of the code" -- $(BIN)/pytest -q -n $(JOBS) --dist worksteal --cov --cov-report=term -m "not browser"

test-notebooks: $(READY)  ## run every notebook again and compare its outputs (nbval)
	@$(PY) book/_tools/timed.py "notebooks run again" -- $(BIN)/pytest -q -n $(JOBS) --dist loadscope -p no:cacheprovider --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg notebooks

test-pages: book  ## open every page in Chromium
	@$(PY) book/_tools/timed.py "pages in a browser" -- $(BIN)/pytest -q -n $(JOBS) --dist worksteal -m browser tests/book

notebooks: $(READY)  ## run the chapters that changed and store their notebooks
	@$(PY) book/_tools/notebooks.py run $(if $(ALL),--all)

chapter: $(READY)  ## make a new chapter's skeleton: NAME=slug TITLE="Words" [AFTER=chapter] [TOPIC=package]
	@$(PY) book/_tools/new_chapter.py "$(NAME)" "$(TITLE)" --after "$(AFTER)" $(if $(TOPIC),--topic "$(TOPIC)")

offline: book  ## make one zip of the book, which opens from disk
	@$(PY) book/_tools/export.py offline

pdf: $(READY)  ## make one PDF of the whole book (needs Chromium)
	@$(PY) book/_tools/export.py pdf

lab: $(READY)  ## lay out your own folder work/, and open it in JupyterLab [ARGS="--no-browser ..."]
	@$(PY) book/_tools/lab.py $(ARGS)

data: $(READY)  ## download the data sets of the course, checked file by file [NAMES="hippocampus ..."]
	@$(PY) -m lessonlib.images.downloads $(NAMES)

bench: $(READY)  ## compare speed with other libraries, each in an environment of its own
	@$(PY) -m benchmarks

release-check: $(READY)  ## refuse what is stored if other code has made it: notebooks, sweeps
	@$(PY) book/_tools/release.py

lock: $(READY)  ## renew constraints.txt after a change of requirements.txt (needs uv)
	@uv pip compile --universal --python-version 3.11 --no-header --no-annotate --no-emit-package lessonlib -q requirements.txt -o constraints.txt
	@$(PY) -c 'import re, pathlib; p = pathlib.Path("constraints.txt"); p.write_text(re.sub(r"(?m) ; \(platform_machine == .arm64. and sys_platform == .darwin.\) or sys_platform == .linux. or sys_platform == .win32.$$", "", p.read_text()))'

# Python's own, since this deletes the environment that it would else run in.
clean:  ## delete what was made here, and nothing that anybody put there
	@$(PYTHON) book/_tools/made_files.py clean
