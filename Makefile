# make retro   the example retrospective, from nothing: no key, no server
# make test    everything the tests need, then the tests (JOBS=4 at once: they wait more than they compute)
# make harden  the attacks of tests/security with 100,000 fuzzed inputs
# make dist    the wheel, the source and the bill of materials
# make check   linters, types and import contracts
# make faults  docs/faults.md anew, from the names of the tests
# make coverage  the tests, and which branches of domain, engine, github and retro they reach
# make docs    the manual as a website, in build/manual
# make manual  the pages of the manual that are made from the code
# make bench   measures, and writes docs/benchmarks.md
# make lock    pin the dependencies anew (needs uv)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 4
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

.PHONY: retro test harden coverage check faults manual docs bench lock dist clean

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "reviewbot needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.done: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) -r requirements/run.txt
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.done: requirements/dev.txt $(VENV)/run.done
	$(PIP) -r requirements/dev.txt
	@touch $@

retro: $(VENV)/run.done
	@$(BIN)/python examples/build_shop.py build/example/repos
	@rm -rf build/example/run
	@REVIEWBOT_EFFORT=quick REVIEWBOT_DATABASE_URL=sqlite:///build/example/reviewbot.db $(BIN)/reviewbot retro \
	  --incidents examples/incidents.yaml --repos build/example/repos --out build/example/run \
	  --reviewer static --reviewer llm --model scripted:examples/answers.json --judge scripted:examples/answers.json --judges 1 \
	  --trials 1

test: $(VENV)/dev.done
	$(BIN)/python -m pytest -n $(JOBS)

harden: $(VENV)/dev.done
	REVIEWBOT_FUZZ_INPUTS=100000 $(BIN)/python -m pytest -n $(JOBS) tests/security

coverage: $(VENV)/dev.done
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term:skip-covered --cov-report=html:build/coverage

check: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict reviewbot
	$(BIN)/lint-imports

faults: | $(BIN)/python
	$(BIN)/python -m tests.faults

lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra static --extra languages --extra otel --extra build \
	  --generate-hashes --no-annotate --no-header -q -o requirements/run.txt
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra static --extra languages --extra otel --extra build \
	  --extra dev -c requirements/run.txt --generate-hashes --no-annotate --no-header -q -o requirements/dev.txt
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra docs -c requirements/run.txt \
	  --generate-hashes --no-annotate --no-header -q -o requirements/docs.txt

dist: $(VENV)/run.done
	rm -rf dist && mkdir dist
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	$(BIN)/python -m hatchling build --target sdist --directory dist
	$(BIN)/python deploy/bill_of_materials.py requirements/run.txt > dist/reviewbot.cdx.json

clean:
	rm -rf $(VENV) build dist

docs: manual
	$(PIP) -r requirements/docs.txt
	$(BIN)/mkdocs build --strict

manual: $(VENV)/dev.done
	$(BIN)/python -m tests.manual

bench: $(VENV)/dev.done
	$(BIN)/python -m tests.bench --write docs/benchmarks.md $(if $(RIVAL),--rival $(RIVAL)) $(if $(REPOS),--repos $(REPOS))
