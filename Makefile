# One command for each task; `make` alone prints them.

VENV := .venv
PY := $(VENV)/bin/python
CODE := token sdk backend local_kms tests benchmarks scripts
PROVIDERS := tests/providers/node_modules
MODELS := tests/deploy/kubernetes/models/node_modules
DB ?= sqlite
SIGNER ?= local
EMBEDDED := LICENSE_PROFILE=embedded
CHECKED := $(EMBEDDED) LICENSE_DATA_DIR=$(CURDIR)/.local/check

.DEFAULT_GOAL := help
.PHONY: help run kms test test-faults simulate fuzz bit-flips check format lint types imports schema schema-check observe edge monitoring bench bench-capacity bench-page load load-smoke infra image-check pins clean

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# exec: a signal that ends make reaches the server, and not a shell between them.
run: run-$(DB)-$(SIGNER) ## start the server with a demo license (PORT=8000, DB=postgres, SIGNER=kms)

.PHONY: run-sqlite-local run-postgres-local run-sqlite-kms run-postgres-kms
run-sqlite-local: $(VENV)/installed-run
	@$(EMBEDDED) exec $(PY) backend/manage.py quickstart

run-postgres-local: $(VENV)/installed-run $(VENV)/installed-postgres
	@$(EMBEDDED) PYTHONPATH=backend LICENSE_DATA_DIR=$${LICENSE_DATA_DIR:-.local/postgres} \
		exec $(PY) -m coditect_license.run_on_postgres quickstart

ON_KMS := PYTHONPATH=backend exec $(PY) -m coditect_license.run_on_kms $(PY)
run-sqlite-kms: $(VENV)/installed-run $(VENV)/installed-kms
	@$(EMBEDDED) LICENSE_DATA_DIR=$${LICENSE_DATA_DIR:-.local/sqlite-kms} \
		$(ON_KMS) backend/manage.py quickstart

run-postgres-kms: $(VENV)/installed-run $(VENV)/installed-postgres $(VENV)/installed-kms
	@$(EMBEDDED) LICENSE_DATA_DIR=$${LICENSE_DATA_DIR:-.local/postgres-kms} \
		$(ON_KMS) -m coditect_license.run_on_postgres quickstart

kms: $(VENV)/installed-run $(VENV)/installed-kms ## start a local Cloud KMS (ARGS="serve --port 9443", ARGS="fault --help")
	@PYTHONPATH=backend exec $(PY) -m local_kms $(or $(ARGS),serve)

test: $(VENV)/installed-dev $(PROVIDERS)/node ## run every test (T=path for some of them; JOBS=2)
	@$(if $(T),$(PY) -m pytest $(T),JOBS=$(or $(JOBS),2) scripts/dev/test)

test-faults: $(VENV)/installed-dev ## kill, cut, fill and freeze real servers and databases (minutes; FAULTS_SEED=…)
	@$(PY) -m pytest -s --durations=0 tests/faults

simulate: $(VENV)/installed-dev ## simulate crashes in virtual time (SEEDS=100 OPS=20000 JOBS= FIRST= BUG=; ARGS=--help)
	@cd backend && ../$(PY) -m tests.support.simulation $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(OPS),--operations $(OPS)) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(FIRST),--first $(FIRST)) $(if $(BUG),--bug "$(BUG)") $(ARGS)

fuzz: $(VENV)/installed-dev $(VENV)/installed-fuzz ## fuzz what reads documents of others (SECONDS=60 TARGETS= REPLAY=file)
	@cd token && ../$(PY) -m fuzz $(TARGETS) --seconds $(or $(SECONDS),60) $(if $(REPLAY),--replay $(REPLAY))

bit-flips: $(VENV)/installed-dev ## flip a million bits of true documents, of which none may be taken (FLIPS=1000000 SEED=1)
	@cd token && ../$(PY) -m fuzz.bit_flips --flips $(or $(FLIPS),1000000) --seed $(or $(SEED),1)

check: ## everything that must pass before a change lands; says how long each step took
	@scripts/dev/steps lint types imports schema-check test

format: $(VENV)/installed-dev ## format the code and mend what ruff can mend
	@$(PY) -m ruff format $(CODE)
	@$(PY) -m ruff check --fix $(CODE)

lint: $(VENV)/installed-dev ## check format and lint
	@$(PY) -m ruff format --check $(CODE)
	@$(PY) -m ruff check $(CODE)

types: $(VENV)/installed-dev ## check types (mypy, strict)
	@$(CHECKED) $(PY) -m mypy

imports: $(VENV)/installed-dev ## check who imports whom
	@$(CHECKED) PYTHONPATH=backend $(VENV)/bin/lint-imports --no-cache

schema: $(VENV)/installed-dev ## write docs/api/openapi.yaml
	@$(CHECKED) $(PY) backend/manage.py openapi

schema-check: $(VENV)/installed-dev ## compare docs/api/openapi.yaml with the code
	@$(CHECKED) $(PY) backend/manage.py openapi --check

observe: $(VENV)/installed-run ## start Prometheus beside the server, or beside a new one (METRICS_PORT=9464, PROMETHEUS_PORT=9090)
	@$(EMBEDDED) exec $(PY) -m scripts.monitoring.observe

edge: $(VENV)/installed-run ## start nginx with a WAF and TLS before the server, or before a new one (EDGE_PORT=8443, PORT=8000, ARGS=--help)
	@$(EMBEDDED) exec $(PY) -m scripts.edge $(ARGS)

monitoring: $(VENV)/installed-dev ## write the Kubernetes objects and dashboards of kubernetes/monitoring
	@$(PY) -m scripts.monitoring $(ARGS)

bench: $(VENV)/installed-dev ## run the benchmarks (ARGS=--help for their options)
	@$(PY) -m benchmarks $(ARGS)

bench-capacity: $(VENV)/installed-dev ## measure what one PostgreSQL carries (ARGS="--leases 10000")
	@PYTHONPATH=backend $(PY) -m benchmarks.capacity $(ARGS)

bench-page: $(VENV)/installed-load $(VENV)/installed-bench ## measure and write docs/benchmarks.md, about ten minutes
	@PYTHONPATH=backend $(PY) -m benchmarks.page $(or $(ARGS),measure)

load: $(VENV)/installed-load ## load servers with Locust; fails past a limit (ARGS="--only overload", ARGS=--help)
	@PYTHONPATH=backend $(PY) -m benchmarks.load $(ARGS)

load-smoke: $(VENV)/installed-load ## try each of these scenarios for seconds
	@PYTHONPATH=backend $(PY) -m benchmarks.load --smoke

infra: $(VENV)/installed-infra $(MODELS)/node ## prove what is deployed, without a cloud (T=path for a part of it)
	@scripts/dev/infra $(T)

image-check: $(VENV)/installed-infra ## build the container image without an engine, and run it (root; minutes the first time)
	@$(PY) -m pytest --durations=5 tests/deploy/built_image

pins: $(VENV)/installed-dev ## compile requirements/*.txt from requirements/*.in
	@scripts/dev/compile-pins

clean: ## remove the environment and caches; keeps .local
	rm -rf $(VENV) .venv-checkov $(PROVIDERS) $(MODELS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/installed-run: requirements/run.txt token/pyproject.toml sdk/pyproject.toml sdk/hatch_build.py
	@scripts/dev/install run

$(VENV)/installed-postgres: requirements/postgres.txt
	@scripts/dev/install postgres

$(VENV)/installed-kms: requirements/kms.txt
	@scripts/dev/install kms

$(VENV)/installed-fuzz: requirements/fuzz.txt
	@scripts/dev/install fuzz

$(VENV)/installed-load: requirements/load.txt | $(VENV)/installed-dev
	@scripts/dev/install load

$(VENV)/installed-bench: requirements/bench.txt | $(VENV)/installed-dev
	@scripts/dev/install bench

$(VENV)/installed-infra: requirements/infra.txt requirements/infra-wheels.txt requirements/checkov.txt | $(VENV)/installed-dev
	@scripts/dev/install-infra

$(VENV)/installed-dev: requirements/dev.txt token/pyproject.toml sdk/pyproject.toml sdk/hatch_build.py
	@scripts/dev/install dev

$(PROVIDERS)/node: tests/providers/package-lock.json requirements/node.txt | $(VENV)/installed-dev
	@scripts/dev/install-npm tests/providers "tests against real OpenID providers" || test $$? -eq 75

$(MODELS)/node: tests/deploy/kubernetes/models/package-lock.json requirements/node.txt | $(VENV)/installed-dev
	@scripts/dev/install-npm tests/deploy/kubernetes/models "checks of Google's kinds" || test $$? -eq 75
