# make demo, make test and the rest need Python 3.11 or newer, git and make; everything else they install themselves.

PYTHON ?= python3
VENV   ?= .venv
PHOTOS ?=
# A process for each core; make test WORKERS=0 runs them one after the other.
WORKERS ?= auto
PYTEST  ?= $(VENV)/bin/python -m pytest -n $(WORKERS)
# What a person adds: make test ARGS="-k registry -x"
ARGS   ?=

# What is installed where CONSTRAINTS is empty is the newest there is.
CONSTRAINTS ?= -c constraints.txt
STAMP        = $(VENV)/.installed

.PHONY: help demo test test-sqlite test-postgres test-backends test-browser screenshots test-peer test-latest fuzz benchmark benchmark-quick lint format constraints clean

help:
	@echo "make demo [PHOTOS=dir]  a site with photographs, all their renditions made ahead of time"
	@echo "make test               the tests, on SQLite and, where one answers, on PostgreSQL"
	@echo "make test-backends      real workers of each task backend over 200 photographs; needs PostgreSQL and redis-server"
	@echo "make test-browser       the tests in Chromium alone"
	@echo "make screenshots        the same, and docs/images anew"
	@echo "make test-peer          Wagtail's own image tests with this package installed"
	@echo "make test-latest        the tests with the newest versions of everything"
	@echo "make fuzz [ARGS=...]    10,000 broken pictures, and what becomes of them; ARGS=--help for more"
	@echo "make benchmark [PHOTOS=dir]        what a rendition costs: here, with stock Wagtail and with others; half an hour"
	@echo "make benchmark-quick [PHOTOS=dir]  the same, less of it; three minutes"
	@echo "make lint               ruff, mypy and the floors"
	@echo "make format             ruff's formatting and its safe fixes"
	@echo "make constraints        write constraints.txt anew from the newest versions"
	@echo "make clean              remove the environments and all that the demo wrote"
	@echo "PYTHON=python3.13 names the interpreter, VENV=dir the environment; WORKERS=2 says how many processes run the tests."
	@echo "The demo takes one to three minutes the first time, besides installing."

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.13 ..." >&2; exit 2; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV) \
		|| { echo "$(PYTHON) cannot make virtual environments (on Debian: apt-get install python3-venv)." >&2; exit 2; }
	@echo "Installing into $(VENV) ..."
	@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check $(CONSTRAINTS) hatchling editables setuptools
	@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check $(CONSTRAINTS) --no-build-isolation -e '.[dev]'
	@touch $@

demo: $(STAMP)
	@$(VENV)/bin/python sandbox/manage.py demo $(if $(PHOTOS),--photos '$(abspath $(PHOTOS))')

test: test-sqlite test-postgres

test-sqlite: $(STAMP)
	@echo "== Tests on SQLite"
	SOURCEGROUPS_DATABASE=sqlite $(PYTEST) $(ARGS)

test-postgres: $(STAMP)
	@if $(VENV)/bin/python -m tests.postgres; then \
		echo "== Tests on PostgreSQL"; \
		SOURCEGROUPS_DATABASE=postgres $(PYTEST) -m "not peer and not once" $(ARGS) \
			|| { [ $$? = 5 ] && [ -n '$(ARGS)' ] && echo "What ARGS chose says nothing of the database."; }; \
	elif [ -n "$(REQUIRE_SERVICES)" ]; then \
		echo "REQUIRE_SERVICES is set, so a PostgreSQL that does not answer is a failure." >&2; exit 1; \
	else \
		echo "== Tests on PostgreSQL: skipped, none answered (REQUIRE_SERVICES=1 makes that a failure)."; \
	fi

test-backends: $(STAMP)
	SOURCEGROUPS_DATABASE=postgres SOURCEGROUPS_PHOTOS=200 REQUIRE_SERVICES=1 $(PYTEST) tests/backends $(ARGS)

test-browser: $(STAMP)
	REQUIRE_SERVICES=1 $(PYTEST) tests/browser $(ARGS)

screenshots: $(STAMP)
	SOURCEGROUPS_SCREENSHOTS=1 REQUIRE_SERVICES=1 $(PYTEST) tests/browser $(ARGS)

test-peer: $(STAMP)
	$(PYTEST) -m peer tests/peer $(ARGS)

test-latest:
	@$(MAKE) --no-print-directory test VENV=.venv-latest CONSTRAINTS=--upgrade

fuzz: $(STAMP)
	@$(VENV)/bin/python -m tests.fuzz $(ARGS)

$(VENV)/.installed-benchmark: $(STAMP)
	@$(VENV)/bin/python -m pip install -qq --disable-pip-version-check $(CONSTRAINTS) -e '.[dev,benchmark]'
	@touch $@

benchmark: $(VENV)/.installed-benchmark
	@$(VENV)/bin/python -m benchmarks $(if $(PHOTOS),--photos '$(abspath $(PHOTOS))') $(ARGS)

benchmark-quick: $(VENV)/.installed-benchmark
	@$(VENV)/bin/python -m benchmarks --quick $(if $(PHOTOS),--photos '$(abspath $(PHOTOS))') $(ARGS)

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --config setup.cfg --no-cache --no-logo

format: $(STAMP)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# Pinned by what the environment of test-latest got, with every extra in it; Django stays on its LTS, on which all
# supported versions of Python and Wagtail meet.
constraints:
	rm -rf .venv-constraints
	$(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/python -m pip install --quiet 'Django~=5.2.0' -e '.[dev,s3]'
	{ head -n 2 constraints.txt; .venv-constraints/bin/python -m pip freeze --exclude-editable; } > constraints.new
	mv constraints.new constraints.txt
	rm -rf .venv-constraints

clean:
	rm -rf .venv .venv-latest .venv-constraints build dist .sandbox
