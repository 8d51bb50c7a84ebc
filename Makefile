# The commands of Tabletalk. `make` alone lists them.
PYTHON := .venv/bin/python
HOST ?= embedded
ARGS ?=
CALLS ?= 5000
SEED ?= 1
MINUTES ?= 5
DAYS ?= 30

.DEFAULT_GOAL := help
.PHONY: help setup run call measure chaos bench test screenshots vendor page-tools doctor fuzz abuse lint infra-check infra-types

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s%s\n", $$1, $$2 }' Makefile
	@printf '%s\n' '' \
	  '  make run HOST=func                             run the Functions app under Core Tools' \
	  '  make call SAY="A table for two | Anna | Yes"   a | parts the lines' \
	  '  make call AUDIO=file.wav                       play a recording instead' \
	  '  make call SAY="Hello" ARGS="--voice bright"    any option of: python -m local call --help'

setup: ## bring the environment in .venv, Azurite and the speech model up to date
	@sh scripts/setup.sh

run: setup ## start the whole system, place one call through it, stay up until Ctrl-C
	@exec $(PYTHON) -m local up --host "$(HOST)" $(ARGS)

# make puts SAY and AUDIO into the environment; from there quotes in them do no harm.
call: setup ## place a call: SAY="I feel like sushi tonight", or AUDIO=file.wav
	@exec $(PYTHON) -m local call $${SAY:+--say "$$SAY"} $${AUDIO:+--audio "$$AUDIO"} $(ARGS)

measure: setup ## measure greeting, replies and five calls at once against what is promised
	@exec $(PYTHON) -m local measure $(ARGS)

chaos: setup ## take away what calls need: each fault once, then MINUTES=5 of chance; SEED=1, ARGS="--faults a,b"
	@exec $(PYTHON) -m chaos --seed "$(SEED)" --minutes "$(MINUTES)" $(ARGS)

bench: setup ## search 10,000 restaurants; 1,000 phones at once; figures of generated calls: CALLS=5000 DAYS=30
	@$(PYTHON) -m bench.search
	@$(PYTHON) -m bench ringing
	@exec $(PYTHON) -m bench month --calls "$(CALLS)" --days "$(DAYS)" $(ARGS)

test: setup page-tools ## run every test
	@exec $(PYTHON) -m pytest -n 3 $(ARGS)

abuse: MINUTES = 10
abuse: setup ## attack every port for MINUTES=10 while calls go on, and say what they feel
	@exec $(PYTHON) -m abuse --minutes "$(MINUTES)" $(ARGS)

fuzz: setup ## throw damaged input at every parser, 5,000 times each
	@exec $(PYTHON) -m pytest tests/fuzz -n 2 --dist load --hypothesis-profile=fuzz --timeout=3600 $(ARGS)

infra-check: setup ## check infra/ without Azure: syntax, types, modules, roles, settings, wiring
	@exec $(PYTHON) -m infra.check

infra-types: setup ## learn Azure's types anew, after infra/ uses another resource type
	@exec $(PYTHON) -m infra.check.refresh_types

doctor: setup ## say what is wrong with a deployment, or with --settings FILE
	@$(PYTHON) -m doctor $(ARGS)

screenshots: setup page-tools ## every view of the page, wide and narrow, light and dark, in .local/screenshots
	@exec $(PYTHON) -m local screenshots $(ARGS)

vendor: setup ## copy uPlot to web/vendor as web/vendor/package.json pins it
	@sh scripts/page_tools.sh --vendor

page-tools: setup
	@sh scripts/page_tools.sh

lint: setup ## check style and types
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
