# `make help` lists the targets. `make demo` and `make test` set up everything they need.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help venv system install rollback demo console test lint types imports duplicates docs reference bytecode unit soak bench bench-performance \
  train-plates train-traffic train-check int8 eval format lock clean

PYTHON ?= python3
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/viapublica
# One environment per lock, Python and checkout: a changed lock makes a new one, two checkouts never share.
KEY := $(shell { cat requirements/dev.lock requirements/uv.lock; $(PYTHON) -VV; pwd; } | sha256sum | cut -c1-16)
VENV ?= $(CACHE)/venv-$(KEY)
RUN := $(VENV)/bin
CODE := pipeline tests benchmarks models
# Processes of the test suite: more than cores, because many tests wait for servers, for processes, for time limits.
WORKERS ?= $(shell expr $$(nproc) + 2)

# Debian puts clickhouse-server into /usr/sbin.
export PATH := $(VENV)/bin:$(PATH):/usr/sbin
# Third-party weights of a checkout with a shared/ folder beside it; elsewhere set VIAPUBLICA_MODELS yourself.
ifneq ($(wildcard ../shared/models),)
export VIAPUBLICA_MODELS ?= $(abspath ../shared/models)
endif
DATA := $(or $(VIAPUBLICA_DATA),../shared/data)
MODELS := $(or $(VIAPUBLICA_MODELS),../shared/models)
# Nothing here may ask the network for weights, settings or usage statistics.
export YOLO_OFFLINE := true
export NO_MKDOCS_2_WARNING := true
# Without bytecode, every process of the tests compiles everything again, a quarter of a minute each.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

venv: ## the locked environment, outside the checkout; .venv links to it
	@requirements/setup.sh venv $(PYTHON) $(VENV) .venv

system: ## Debian packages of the tests (only as root)
	@requirements/setup.sh system

# Of the service; make has a USER of its own, the person who calls it.
PREFIX ?= /opt/viapublica
SERVICE_USER := $(if $(filter command line,$(origin USER)),$(USER),viapublica)

install: ## the program for a service user: make install PREFIX=/opt/viapublica USER=viapublica
	@requirements/setup.sh install $(PYTHON) $(PREFIX) $(SERVICE_USER)

rollback: ## the version before the last make install, for the same PREFIX and USER
	@requirements/setup.sh rollback $(PREFIX) $(SERVICE_USER)

# Without the link: a .venv of the user's own stays as it is.
demo: ## a street video and a plate scene, end to end
	@requirements/setup.sh locked_environment $(PYTHON) $(VENV)
	@$(RUN)/viapublica demo

console: ## the console with the demo's cameras; log-ins are printed at the first start
	@requirements/setup.sh locked_environment $(PYTHON) $(VENV)
	@$(RUN)/viapublica demo --out out/console --serve

# The checks run beside each other, and the tests after them: each check uses one core, and the tests all of them.
test: ## everything a change must pass; .ci/run calls this
	@$(MAKE) --no-print-directory --jobs=$$(nproc) --output-sync=target types duplicates bytecode docs lint imports
	@$(MAKE) --no-print-directory unit

lint: venv
	$(RUN)/ruff check $(CODE)
	$(RUN)/ruff format --check $(CODE)
	$(RUN)/hadolint Dockerfile
	$(RUN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

types: venv
	$(RUN)/mypy

imports: venv
	$(RUN)/lint-imports

duplicates: venv
	$(RUN)/pylint --disable=all --enable=duplicate-code pipeline

docs: venv ## build the documentation into site/
	$(RUN)/mkdocs build --quiet --strict

reference: venv ## write the pages of configuration keys and of access, and the words of event details
	$(RUN)/viapublica config explain --markdown > docs/reference/configuration-keys.md
	$(RUN)/python -m pipeline.policy.access.matrix > docs/reference/access.md
	$(RUN)/python -m tests.policy.detail_words_of_code

bytecode: venv ## compile the tests once, which each process of them would do again; their errors are shown by unit
	@$(RUN)/pytest --collect-only -qq >/dev/null 2>&1 || true

unit: venv system ## the tests alone
	$(RUN)/pytest -m "not soak" -n $(WORKERS) --dist worksteal --durations=20 --durations-min=5

soak: venv system ## the slow tests, 2,000 mutated videos, an hour of a broken RTSP server, ten minutes of an overload
	$(RUN)/pytest -m soak
	$(RUN)/python -m benchmarks.mutated_media
	$(RUN)/python -m benchmarks.rtsp_soak --clip $(DATA)/clips/car-detection.mp4 --models $(MODELS)
	$(RUN)/python -m benchmarks.overload --clip $(DATA)/clips/car-detection.mp4 --models $(MODELS)

bench: venv ## measure; tables and plots go to benchmarks/results/
	$(RUN)/python -m benchmarks.conversion --clip $(DATA)/clips/people-walking.mp4
	$(RUN)/python -m benchmarks.decoder_isolation --clip $(DATA)/clips/car-detection.mp4
	$(RUN)/python -m benchmarks.startup
	$(RUN)/python -m benchmarks.audit
	$(RUN)/python -m benchmarks.plate_query
	$(RUN)/python -m benchmarks.store
	$(RUN)/python -m benchmarks.backbone
	$(RUN)/python -m benchmarks.city_store
	$(RUN)/python -m benchmarks.anonymize --data $(DATA) --models $(MODELS) $(if $(DEFACE),--deface-python $(dir $(DEFACE))python)
	$(RUN)/python -m benchmarks.anonymize_clips --data $(DATA) --models $(MODELS) \
	  $(if $(DEFACE),--deface-python $(dir $(DEFACE))python)
	$(RUN)/python -m benchmarks.anonymize_variants --data $(DATA) --models $(MODELS)
	$(RUN)/python -m benchmarks.anonymize_attacks --data $(DATA) --models $(MODELS)
	$(RUN)/python -m benchmarks.anonymize_speed --clip $(DATA)/clips/people-walking.mp4 --models $(MODELS) \
	  $(if $(DEFACE),--deface $(DEFACE))
	@set -e; for name in detectors plates tracking voting; do echo "== $$name"; \
	  $(RUN)/python -m benchmarks.$$name --data $(DATA) --models $(MODELS) --out benchmarks/results/$$name.md; done
	$(RUN)/python -m benchmarks.networks --data $(DATA) --models $(MODELS) $(PEERS)
	$(RUN)/python -m benchmarks.int8_parity --data $(DATA) --models $(MODELS)

CHANGE ?= not named
bench-performance: venv ## a row of docs/reference/performance.md, 12 minutes: make bench-performance CHANGE="what changed"
	benchmarks/performance.sh "$(CHANGE)" $(DATA)

# The workshop: models/training. Each part goes on where it stopped.
WORK ?= build/training
TRAIN_ENV = $(CACHE)/$(1)-$(shell sha256sum requirements/$(1).lock | cut -c1-16)
PEERS ?=

train-plates: venv system ## make models/plates again, on a processor or a GPU
	@requirements/setup.sh training train-plates.lock $(PYTHON) $(call TRAIN_ENV,train-plates)
	KERAS_BACKEND=tensorflow $(call TRAIN_ENV,train-plates)/bin/python -m models.training.plates.train \
	  --data $(DATA) --start $(MODELS)/plate-ocr/cct_xs_v1_global.onnx --work $(WORK)/plates
	KERAS_BACKEND=tensorflow $(call TRAIN_ENV,train-plates)/bin/python -m models.training.plates.export \
	  --data $(DATA) --start $(MODELS)/plate-ocr/cct_xs_v1_global.onnx --keras $(WORK)/plates/finished.keras --out models/plates/viapublica_plates.onnx
	KERAS_BACKEND=tensorflow $(call TRAIN_ENV,train-plates)/bin/python -m models.training.plates.corners \
	  --data $(DATA) --work $(WORK)/corners-rendered --real-share 0
	KERAS_BACKEND=tensorflow $(call TRAIN_ENV,train-plates)/bin/python -m models.training.plates.corners \
	  --data $(DATA) --work $(WORK)/corners --first $(WORK)/corners-rendered/finished.keras
	KERAS_BACKEND=tensorflow $(call TRAIN_ENV,train-plates)/bin/python -m models.training.plates.export_corners \
	  --keras $(WORK)/corners/finished.keras

train-traffic: venv system ## train the detector on; PEERS="--centerface F --platedet F" adds two teachers, DEVICE=0 a GPU
	$(RUN)/python -m models.training.traffic.label --data $(DATA) --models $(MODELS) --work $(WORK)/traffic $(PEERS)
	$(RUN)/python -m models.training.traffic.material --data $(DATA) --work $(WORK)/traffic
	@requirements/setup.sh training train-traffic.lock $(PYTHON) $(call TRAIN_ENV,train-traffic)
	@test -f $(WORK)/traffic/before.onnx || $(call TRAIN_ENV,train-traffic)/bin/python -m models.training.traffic.scores \
	  --network models/traffic/viapublica_traffic.onnx --out $(WORK)/traffic/before.onnx
	$(call TRAIN_ENV,train-traffic)/bin/python -m models.training.traffic.train \
	  --start $(MODELS)/coco/yolo11n_dequantised_float.onnx --begin $(WORK)/traffic/before.onnx --epochs 2 1 0 0 \
	  --work $(WORK)/traffic --device $(or $(DEVICE),cpu)
	$(call TRAIN_ENV,train-traffic)/bin/python -m models.training.traffic.export --data $(DATA) \
	  --checkpoint $(WORK)/traffic/runs/full/weights/last.pt --before $(WORK)/traffic/before.onnx --work $(WORK)/traffic

train-check: venv system ## train the network that checks releases, on what train-traffic made
	@requirements/setup.sh training train-traffic.lock $(PYTHON) $(call TRAIN_ENV,train-traffic)
	$(call TRAIN_ENV,train-traffic)/bin/python -m models.training.traffic.train --device $(or $(DEVICE),cpu) \
	  --start $(MODELS)/coco/yolov8n_dequantised_float.onnx --architecture yolov8n.yaml --epochs 2 0 0 0 \
	  --images $(WORK)/traffic/images --work $(WORK)/eyes
	$(call TRAIN_ENV,train-traffic)/bin/python -m models.training.traffic.export --check --data $(DATA) \
	  --checkpoint $(WORK)/eyes/runs/small/weights/last.pt --work $(WORK)/eyes

int8: venv system ## the 8-bit files again, out of the float ones that are shipped
	@requirements/setup.sh training train-traffic.lock $(PYTHON) $(call TRAIN_ENV,train-traffic)
	$(call TRAIN_ENV,train-traffic)/bin/python -m models.training.traffic.export --data $(DATA) \
	  --network models/traffic/viapublica_traffic.onnx --work $(WORK)/traffic
	$(call TRAIN_ENV,train-traffic)/bin/python -m models.training.traffic.export --data $(DATA) --check \
	  --network models/traffic/viapublica_check.onnx --work $(WORK)/check

eval: venv ## the figures of our models' cards again
	$(RUN)/python -m models.training.traffic.evaluate --data $(DATA) --models $(MODELS) \
	  --detector viapublica_traffic viapublica_traffic_int8 viapublica_check viapublica_check_int8 \
	  --backend onnxruntime openvino
	$(RUN)/python -m models.training.plates.evaluate --data $(DATA) --models $(MODELS) \
	  --reader cct_xs_v1_global viapublica_plates

format: venv ## format and fix what can be fixed
	$(RUN)/ruff check --fix $(CODE)
	$(RUN)/ruff format $(CODE)

COMPILE = $(RUN)/uv pip compile -q --upgrade --universal --generate-hashes --no-header --no-annotate --python-version 3.11

lock: venv ## take newer versions of the dependencies
	$(COMPILE) pyproject.toml --extra all -o requirements/run.lock
	$(COMPILE) pyproject.toml --extra all --group dev -c requirements/run.lock -o requirements/dev.lock
	$(COMPILE) pyproject.toml --extra all --extra gpu -c requirements/run.lock --overrides requirements/gpu-overrides.txt \
	  -o requirements/gpu.lock
	echo uv | $(COMPILE) - -o requirements/uv.lock
	$(COMPILE) --group train-plates -o requirements/train-plates.lock
	$(COMPILE) --group train-traffic -o requirements/train-traffic.lock

clean: ## remove what tools left in the checkout, and the environments
	rm -rf site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .venv $(CACHE)/venv-*
