# IceFrame: `make help` lists what there is. Each target installs what it lacks.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
BUILD := build/release
STAMPS := build/stamps
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.DEFAULT_GOAL := help
.PHONY: help build test demo wheel bench check format clean venv

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
	  awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

build: $(STAMPS)/installed ## Build; leaves .venv/ with iceframe importable from it (PYTHON=python3.13: of that one)

test: $(STAMPS)/installed $(STAMPS)/python-test $(STAMPS)/java-test ## Build and run all C++ and Python tests
	@tools/run_tests.sh

demo: $(STAMPS)/installed $(STAMPS)/python-test ## Build, then put real flights in tables and query them
	@$(BIN)/python examples/demo

wheel: $(STAMPS)/installed $(STAMPS)/python-lint ## Wheels for other machines, in dist/: one for each Python that is here
	@tools/make_wheels.sh

bench: $(STAMPS)/installed $(STAMPS)/python-test $(STAMPS)/python-bench ## Build and run the benchmarks: CASES=scan,open RUNS=7 (bench/README.md)
	@CASES='$(CASES)' RUNS='$(RUNS)' SCALE='$(SCALE)' ENGINES='$(ENGINES)' CORES='$(CORES)' tools/run_benchmarks.sh

check: $(STAMPS)/python-lint $(STAMPS)/installed ## Layers, format, lint, types, sizes, headers, clang-tidy
	@tools/run_checks.sh

format: $(STAMPS)/python-lint ## Format C++, Python and CMake in place
	@git ls-files '*.cc' '*.h' | xargs $(BIN)/clang-format -i
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix . || true
	@git ls-files '*CMakeLists.txt' '*.cmake' | xargs $(BIN)/gersemi -q -i

clean: ## Remove everything that was built
	rm -rf build dist $(VENV)

# -- set-up ----------------------------------------------------------------------------------------

$(STAMPS)/system: tools/install_system_packages.sh
	@tools/install_system_packages.sh
	@mkdir -p $(STAMPS) && touch $@

venv: | $(STAMPS)/system
	@tools/make_venv.sh $(VENV)

$(STAMPS)/python-build: tools/requirements/build.txt | venv
	@echo "== Python packages for the build"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r $<
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python-test: tools/requirements/test.txt | $(STAMPS)/python-build
	@echo "== Python packages for the tests"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

$(STAMPS)/java-test: | venv
	@{ command -v javac && command -v mvn; } >/dev/null || \
	  tools/install_system_packages.sh default-jdk-headless maven || \
	  echo "iceframe: no Java with Maven, so the tests against Iceberg Java are left out" >&2
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python-bench: tools/requirements/bench.txt | venv
	@echo "== Python packages of the engines to compare with"
	@tools/make_venv.sh build/bench/venv
	@build/bench/venv/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

$(STAMPS)/python-lint: tools/requirements/lint.txt | $(STAMPS)/python-build
	@echo "== Python packages for the checks"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

# -- build -----------------------------------------------------------------------------------------

SOURCES := $(shell find src python cmake tests bench CMakeLists.txt CMakePresets.json pyproject.toml \
  \( -name '*.cc' -o -name '*.h' -o -name '*.py' -o -name '*.pyi' -o -name '*.cmake' -o -name '*.txt' \
     -o -name '*.json' -o -name '*.toml' -o -name '*.in' \) 2>/dev/null)
# Pages with C++ examples, which the build makes programs of.
SOURCES += $(shell grep -ls '^```cpp' README.md docs/*.md)

$(STAMPS)/installed: $(SOURCES) | $(STAMPS)/python-build
	@tools/build_and_install.sh $(JOBS)
	@touch $@
