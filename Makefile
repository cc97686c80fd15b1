# You can run each target alone: it first installs what it needs into .venv, once. `benchmark` and
# `test-kserve` have environments of their own, .venv-benchmark and .venv-kserve.
#
#   make train ARGS="--network dense --epochs 3"    passes ARGS to the script

ARGS ?=

# The first Python of 3.11 to 3.13 on this machine; PYTHON=... names another.
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c "$(SUPPORTED)" >/dev/null 2>&1 && echo "$$p" && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
PEERS := .venv-benchmark
KSERVE := .venv-kserve

.PHONY: help train train-distributed tune predict draw draw-site serve bulk test test-faults \
	test-apps test-bulk test-kserve test-mutation lint lock notebooks benchmark benchmark-quick install \
	install-serve install-tune install-bulk install-dev install-apps install-draw clean

help:
	@echo "make train      train the default network, export it to SavedModel/"
	@echo "make train-distributed   the same in two processes that add up their gradients"
	@echo "make tune       search the settings with which the default network trains best"
	@echo "make predict    read samples/ with the newest model; one is in the repository"
	@echo "make draw       a page to draw digits on; the model runs in your browser"
	@echo "make draw-site  write that page to build/draw/, for any static host"
	@echo "make serve      answer over HTTP, on http://127.0.0.1:8501"
	@echo "make bulk       read millions of pictures on Apache Spark; it needs Java"
	@echo "make test       lint, then the tests; targets below run the slow ones"
	@echo "make test-faults   damaged files, full disks, killed programs; half an hour"
	@echo "make test-apps  test apps/ (the page, the server, …), notebooks, ONNX, int8"
	@echo "make test-bulk  test a Spark cluster on 20,000 pictures, and kill executors"
	@echo "make test-kserve   test the model in KServe's Python server"
	@echo "make test-mutation   change the code at random; do the tests notice?"
	@echo "make lint       lint and check types"
	@echo "make lock       write requirements/serve.lock: the packages of the server"
	@echo "make notebooks  execute both notebooks, and save their outputs in them"
	@echo "make benchmark  compare with Keras, PyTorch, ONNX Runtime; half an hour"
	@echo "make benchmark-quick   compare a few of these in some minutes, without PyTorch"
	@echo "make clean      delete .venv, build/ and caches; keep data, runs and models"
	@echo
	@echo "Options go in ARGS:  make train ARGS='--network dense'"
	@echo "                     make predict ARGS='my_digits/ --top 3'"

train: install
	$(RUN) train_neural_network.py $(ARGS)

# Worker 1 runs in the background, where Ctrl-C does not reach it: worker 0 tells it to stop.
TF_CONFIG_OF = {"cluster": {"worker": ["localhost:2222", "localhost:2223"]}, \
	"task": {"type": "worker", "index": $(1)}}

train-distributed: install
	@TF_CONFIG='$(call TF_CONFIG_OF,1)' $(RUN) train_neural_network.py --quiet $(ARGS) & \
	TF_CONFIG='$(call TF_CONFIG_OF,0)' $(RUN) train_neural_network.py $(ARGS); \
	status=$$?; wait $$! || status=$$?; exit $$status

tune: install-tune
	$(RUN) -m apps.tune $(ARGS)

predict: install
	$(RUN) load_saved_model.py $(or $(ARGS),samples/)

draw: install-draw
	$(RUN) -m apps.draw $(ARGS)

draw-site: install-draw
	$(RUN) -m apps.draw --site build/draw $(ARGS)

serve: install-serve
	$(RUN) -m apps.serve $(ARGS)

bulk: install-bulk
	$(RUN) -m apps.bulk $(or $(ARGS),samples/ build/bulk/$(shell date +%Y%m%d-%H%M%S))

# These tests provoke faults: damaged and endless files, full disks, programs that are stopped or
# killed. Other files of tests run in `make test`.
FAULTS := $(patsubst %,tests/%.py,pictures/test_large_pictures prediction/test_processes \
	prediction/test_special_files prediction/test_standard_input runs/test_comparison \
	runs/test_damaged_runs runs/test_distributed runs/test_finished_runs runs/test_helper_runs \
	runs/test_resuming runtime/test_full_disk)

# Two workers each run one file of tests at a time. The longest files come first, so that neither
# worker ends long before the other. If `tests` were an argument too, pytest would sort all files by
# name again.
LONGEST := $(patsubst %,tests/%.py,export/test_saved_model runs/test_own_hand \
	training/test_training benchmarks/test_handwriting networks/test_networks \
	runtime/test_startup prediction/test_predicting export/test_renew confidence/test_calibration \
	runs/test_kaggle training/test_drawn_pictures test_installing runtime/test_precision)
ALL := $(sort $(wildcard tests/test_*.py tests/*/test_*.py))
APPS := $(sort $(wildcard tests/apps/test_*.py)) tests/docs/test_notebooks.py
TESTS := $(LONGEST) $(filter-out $(LONGEST) $(FAULTS) $(APPS),$(ALL))
PYTEST := $(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: lint
	$(PYTEST) $(or $(ARGS),$(TESTS))

# If no ARGS are given to pytest, Hypothesis then makes up new inputs, and the drills follow. If CI is
# set, Hypothesis makes up none, and the drills make 3% of the tries, and each at least once.
IN_CI := $(filter-out false,$(CI))
DRILLS ?= $(if $(IN_CI),--scale 0.03)
MADE_UP := tests/data/test_any_table.py

test-faults: install-dev install-serve
	$(PYTEST) $(FAULTS) $(ARGS)
	$(if $(ARGS)$(IN_CI),,$(RUN) -m pytest -n 2 --hypothesis-profile many $(MADE_UP))
	$(if $(ARGS),,$(RUN) -m benchmarks.faults $(DRILLS))

test-apps: install-apps install-draw
	$(PYTEST) $(APPS) $(ARGS)

# The tests of apps/bulk again, on more pictures. They are made of MNIST's digits.
test-bulk: install-apps
	@test -f MNIST/digit_xtest.csv || $(RUN) -m nn.mnist
	BULK_PICTURES=20000 $(RUN) -m pytest tests/apps/test_bulk.py $(ARGS)

# KServe has an environment of its own: it needs an older pandas than the scripts.
test-kserve: install-apps $(KSERVE)/.installed
	$(RUN) -m pytest tests/apps/test_kserve.py $(ARGS)

# Changes the code in 240 places, one at a time, which takes over an hour.
test-mutation: $(VENV)/.installed-mutation
	$(RUN) -m benchmarks.mutation $(ARGS)

lint: install-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy

# Every package of the server's image, with the hashes of its files.
lock: | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/lock.txt
	CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/bin/pip-compile --quiet --generate-hashes \
		--strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --output-file requirements/serve.lock requirements/serve.txt

# The peers have an environment of their own: they are large, and nothing else needs them.
benchmark: $(PEERS)/.installed
	$(PEERS)/bin/python -m benchmarks.peers --results benchmarks/results.json $(ARGS)

benchmark-quick: install
	$(RUN) -m benchmarks.peers --quick $(ARGS)

# Each runs alone: the second restores SavedModel/1, which is in the repository.
notebooks: install-dev
	$(RUN) -m nbconvert --to notebook --execute --inplace --log-level=WARN \
		--KernelManager.transport=ipc $(ARGS) \
		--ExecutePreprocessor.timeout=600 --ExecutePreprocessor.record_timing=False \
		train_neural_network.ipynb load_saved_model.ipynb

install: $(VENV)/.installed
install-serve: $(VENV)/.installed-serve
install-tune: $(VENV)/.installed-tune
install-bulk: $(VENV)/.installed-bulk
install-dev: $(VENV)/.installed-dev
install-apps: $(VENV)/.installed-apps
install-draw: $(VENV)/.installed-draw

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-serve: requirements/serve.txt requirements/lite.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/serve.txt
	@touch $@

$(VENV)/.installed-tune: requirements/tune.txt requirements.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/tune.txt
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bulk: requirements/cluster.txt requirements/lite.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/cluster.txt
	@touch $@

$(VENV)/.installed-dev: requirements/dev.txt requirements.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-mutation: requirements/mutation.txt requirements/dev.txt requirements.txt \
		| $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/mutation.txt
	@touch $@ $(VENV)/.installed-dev $(VENV)/.installed

$(VENV)/.installed-apps: requirements/apps.txt requirements/dev.txt requirements/draw.txt \
		requirements/serve.txt requirements/tune.txt requirements/cluster.txt requirements/onnx.txt \
		requirements/lite.txt requirements.txt | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/apps.txt
	@touch $@ $(VENV)/.installed-serve $(VENV)/.installed-tune $(VENV)/.installed-bulk \
		$(VENV)/.installed-dev $(VENV)/.installed

# The packages of the page, by the hashes of its lock file, which npm reads from 7 on. Where there is
# none, .venv gets one.
$(VENV)/.installed-draw: requirements/draw.txt requirements/node.txt requirements/lite.txt \
		apps/draw/package-lock.json | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/draw.txt
	@test "$$(npm --version 2>/dev/null | cut -d. -f1)" -ge 7 2>/dev/null || \
		$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements/node.txt
	PATH="$(abspath $(VENV)/bin):$$PATH" npm ci --prefix apps/draw --ignore-scripts --no-audit \
		--no-fund --loglevel=error
	@touch $@

$(PEERS)/.installed: requirements/benchmark.txt requirements.txt | $(PEERS)/bin/python
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check \
		-r requirements/benchmark.txt
	@touch $@

$(KSERVE)/.installed: requirements/kserve.txt requirements/lite.txt | $(KSERVE)/bin/python
	$(KSERVE)/bin/python -m pip install --quiet --disable-pip-version-check \
		-r requirements/kserve.txt
	@touch $@

$(VENV)/bin/python $(PEERS)/bin/python $(KSERVE)/bin/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.13 with venv found; install one," \
		"or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@echo "Creating $(@D:/bin=) with $(PYTHON); the first install takes a minute or two"
	$(PYTHON) -m venv $(@D:/bin=)

clean:
	rm -rf $(VENV) $(PEERS) $(KSERVE) build apps/draw/node_modules digits.egg-info .pytest_cache .ruff_cache .import_linter_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
