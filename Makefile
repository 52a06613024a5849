# Everything from nothing: needs Python 3.11 or newer, make and the package registries.
# tools/bootstrap.py finds the Python, says what it does, and prints the command that mends what is missing.
PYTHON_NAMES = python3 python3.13 python3.12 python3.11 python3.14 python
BOOTSTRAP = for python in $(PYTHON_NAMES); do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then echo "Python 3.11 or newer is needed. On Debian or Ubuntu: apt install python3"; exit 1; fi; \
	$$found tools/bootstrap.py
VENV = .venv/bin
DEMO ?=
TESTS ?= tests
WALKS ?= 100000
MIB ?= 2048
FILES ?= 24
MINUTES ?= 5
ROUNDS ?= 3
RUNS ?= 2000
SEED ?= 1
CASES ?= 5000

.PHONY: help run test check lock holes soak faults bench hostile pages transcode speech console

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: ## a running demonstration; DEMO="--portal-port 8701 --json demo.json" passes options on
	@$(BOOTSTRAP) run
	@exec $(VENV)/exchange demo $(DEMO)

test: ## the whole suite with everything real; TESTS=tests/unit for a part
	@$(BOOTSTRAP) test
	@exec $(VENV)/python -m pytest $(TESTS) -n 2 --dist loadfile

check: ## lint, format, types, import contracts, house rules
	@$(BOOTSTRAP) check
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/python tools/house.py

soak: faults ## the long campaigns: faults, then random walks over the gate against the real steps; WALKS=100000
	@exec $(VENV)/python -m bench.soak --walks $(WALKS)

faults: ## crash runs at every failpoint and from RUNS=2000 seeds, and RUNS / 4 over a faulty S3; SEED=1
	@$(BOOTSTRAP) test
	$(VENV)/python -m tests.faults.campaign --every --names --runs $(RUNS) --seed $(SEED)
	$(VENV)/python -m tests.faults.s3_campaign --runs $$(($(RUNS) / 4)) --seed $(SEED)

hostile: ## the hostile files, all of them, in each sandbox; FILES=24 of each format
	@$(BOOTSTRAP) test
	@exec $(VENV)/python -m bench.hostile --of-each $(FILES)

bench: ## upload and playback beside plain aiohttp, and memory; MIB=2048
	@$(BOOTSTRAP) test
	@exec $(VENV)/python -m bench.streams --mib $(MIB)

pages: ## time per photographed page of 12 megapixels
	@$(BOOTSTRAP) test
	@exec $(VENV)/python -m bench.pages

console: ## every page of the console over many cases with 20 people at work; CASES=5000
	@$(BOOTSTRAP) test
	@exec $(VENV)/python -m bench.many_cases --cases $(CASES)

speech: ## how much of made speech is recognised, and how long hearing, reading and masking take
	@$(BOOTSTRAP) test
	@exec $(VENV)/python -m bench.speech

transcode: ## recordings made safe beside bare ffmpeg of the same settings; MINUTES=5 ROUNDS=3
	@$(BOOTSTRAP) test
	@exec $(VENV)/python -m bench.transcode --minutes $(MINUTES) --rounds $(ROUNDS)

holes: ## asks OSV and npm for published holes in the locked versions; before a release and weekly
	@$(BOOTSTRAP) test
	@exec $(VENV)/python tools/holes.py

lock: ## the lock files anew, from pyproject.toml
	@$(BOOTSTRAP) check
	$(VENV)/python tools/lock.py
