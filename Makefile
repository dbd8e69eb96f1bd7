# Everything that a developer or CI does, each as one target. `make` alone explains them.

PYTHON ?= python3.11
VENV ?= .venv

# Read by local/settings.py; given here so that `make up PORT_BASE=20000 LOCAL_STATE=.local/second` works.
export PORT_BASE LOCAL_STATE
# Read by local/chaos/settings.py and local/soak/settings.py.
export SEED FAULTS KINDS MINUTES

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PY := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
JARS := .local/jars/.resolved
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(INSTALLED) $(JARS) ## Install what is missing: .venv from requirements.lock, jars from pom.xml

# The build tools come first and from the lock too: the few source-only dependencies are built with them,
# not with whatever is newest on the day of the install.
$(INSTALLED): requirements.lock .ci/check-tools
	@.ci/check-tools python "$(PYTHON)"
	@echo "setup: installing the locked Python packages into $(VENV) (about 500 MB on first use)"
	$(PYTHON) -m venv --clear $(VENV)
	awk '/^(setuptools|wheel)==/,/[^\\]$$/' requirements.lock > $(VENV)/build-tools.lock
	$(PIP_INSTALL) -r $(VENV)/build-tools.lock
	$(PIP_INSTALL) --no-build-isolation -r requirements.lock
	$(PY) -m pip check
	touch $@

$(JARS): pom.xml .ci/check-tools
	@.ci/check-tools jdk
	@echo "setup: resolving the locked jars into .local/jars"
	rm -rf .local/jars
	mvn --batch-mode --quiet -Dstyle.color=never process-resources
	touch $@

.PHONY: up
up: setup ## Start the local stack, keep it running, print its endpoints
	@$(PY) -m local up

.PHONY: status
status: $(INSTALLED) ## Say which services of the local stack run
	@$(PY) -m local status

.PHONY: sources
sources: $(INSTALLED) ## Say what each source has sent to the local stack, and which are silent
	@set -a; . "$${LOCAL_STATE:-.local/state}/env"; $(PY) -m ops.sources

.PHONY: down
down: $(INSTALLED) ## Stop the local stack; leaves no process behind
	@$(PY) -m local down

# JOB=enrichment|media-usage; TREE=<folder> takes another tree's code, BUILD=<id> one that ran before.
.PHONY: upgrade
upgrade: $(INSTALLED) ## Put this tree's code in the place of the build that JOB runs
	@$(PY) -m local.upgrade $(JOB) $(if $(TREE),--tree $(TREE)) $(if $(BUILD),--build $(BUILD))

.PHONY: rollback
rollback: $(INSTALLED) ## Return JOB to the build before (BUILD=<id>: to that one)
	@$(PY) -m local.upgrade --back $(JOB) $(if $(BUILD),--build $(BUILD))

.PHONY: upgrade-drill
upgrade-drill: setup ## Upgrade both jobs under load in every way, roll broken builds back, then compare every bill
	@$(PY) -m local.upgrade_drill

.PHONY: demo
demo: setup ## Play a day of traffic through both jobs and compare every bill
	@$(PY) -m local.demo

# SEED=<n> repeats a drill, FAULTS=<n> shortens it, KINDS=<kind,kind> chooses: docs/operations/drills.md.
.PHONY: chaos
chaos: setup ## Kill, stop and fill up every part under load, then compare every bill
	@$(PY) -m local.chaos

.PHONY: soak
soak: setup ## Watch memory, throughput and state under an hour of steady load (MINUTES=<n>)
	@$(PY) -m local.soak

# Four processes: what runs on servers mostly waits for them, and the rest computes meanwhile.
.PHONY: test
test: setup ## Run the everyday tests, end to end included (PYTEST_ARGS=... runs pytest once, with these)
ifdef PYTEST_ARGS
	$(PY) -m pytest $(PYTEST_ARGS)
else
	@$(MAKE) --no-print-directory --jobs=4 $(LANES)
endif

.PHONY: test-all
test-all: setup ## Run those that take a minute or more too, as before a release
	@$(MAKE) --no-print-directory --jobs=4 $(LANES) MARKS='not drill'

LANES := test-e2e test-servers test-data test-unit
test-e2e: TESTS := tests/e2e
test-servers: TESTS := $(addprefix tests/integration/,collectors k8s local)
test-data: TESTS := $(addprefix tests/integration/,jobs ops schemas)
# The unit tests are done in half the time of the others: the console's pages follow them in their process.
test-unit: TESTS := tests/unit tests/integration/console
# Servers of tests live for a minute: a third of their processor time went into compiling well what soon ends.
$(LANES): export JAVA_TOOL_OPTIONS := -XX:TieredStopAtLevel=1
.PHONY: $(LANES)
$(LANES): test-%: setup
	@$(PY) -m pytest $(if $(MARKS),-m '$(MARKS)') $(TESTS) 2>&1 | sed -u 's/^/$(*) | /'

.PHONY: lint
lint: $(INSTALLED) ## Check style, formatting and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --strict

.PHONY: bench
bench: setup ## Measure both jobs and their baselines, records a second
	@$(PY) -m local.bench

.PHONY: bench-collectors
bench-collectors: setup ## Measure a collector beside rsyslog (MINUTES=10 for how long memory is watched)
	@$(PY) -m local.bench.collectors --minutes $(or $(MINUTES),1)

.PHONY: sizing
sizing: setup ## Measure what records take in topics, billing database and state
	@$(PY) -m local.sizing

.PHONY: determinism
determinism: setup ## Replay one raw topic in eight ways and compare every bill
	$(PY) -m pytest -m drill tests/drills/test_determinism.py

.PHONY: monitoring
monitoring: $(INSTALLED) ## Generate the dashboard and the page of metrics from their definitions
	$(PY) -m ops.monitoring

# With a release, once its tests pass: the next one proves that it can go on from these.
.PHONY: golden-savepoints
golden-savepoints: setup ## Keep savepoints of both jobs of this release under tests/golden
	$(PY) -m pytest -m drill tests/e2e/test_golden_savepoint.py

.PHONY: k8s-check
k8s-check: $(INSTALLED) ## Render and validate the manifests, and prove that the check can fail
	@$(PY) -m k8s.check

.PHONY: image-layout
image-layout: setup ## Run both jobs from the layout of their image, put together in a folder
	$(PY) -m pytest -m drill tests/integration/k8s

.PHONY: images
images: ## Build the container images with docker (TAG=<tag>; development by default)
	k8s/images/build $(or $(TAG),development)

# In an environment of its own: the tool is no dependency of the project.
.PHONY: sbom
sbom: setup ## List what the images are made of, in CycloneDX, into .local/sbom
	$(PYTHON) -m venv .local/sbom-tools
	.local/sbom-tools/bin/pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0
	mkdir -p .local/sbom
	for image in collectors console jobs; do \
	    .local/sbom-tools/bin/cyclonedx-py requirements --output-reproducible k8s/images/$$image.lock \
	        --output-file .local/sbom/$$image.cdx.json; \
	done
	$(PY) -m k8s.sbom .local/sbom/jobs.cdx.json

.PHONY: schemas
schemas: $(INSTALLED) ## Regenerate the Protobuf modules from schemas/*.proto
	$(PY) -m schemas.generate

# In an environment of its own: the resolver is no dependency of the project.
.PHONY: lock
lock: ## Resolve setup.cfg anew into requirements.lock
	@.ci/check-tools python "$(PYTHON)"
	$(PYTHON) -m venv .local/lock
	.local/lock/bin/pip install --quiet --disable-pip-version-check pip-tools==7.6.2
	CUSTOM_COMPILE_COMMAND='make lock' .local/lock/bin/pip-compile --quiet --upgrade --all-extras \
	    --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
	    --no-emit-trusted-host --no-emit-options --output-file requirements.lock setup.cfg
	$(PYTHON) -m k8s.locks

.PHONY: clean
clean: ## Stop the local stack and remove its state, the jars and the virtual environment
	@if [ -e $(INSTALLED) ]; then $(PY) -m local clean; fi
	rm -rf .local $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
