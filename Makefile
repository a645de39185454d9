# Every verb sets up what it needs first. The work is done by the scripts in tools/.
.DEFAULT_GOAL := run
.PHONY: run help setup watch test unit end2end check format release figures bench clean

run: ## set up, build, run: http://localhost:3000 (ARGS="--help" goes to the server)
	@tools/run.sh $(ARGS)

help: ## this list
	@echo 'make            set up, build, run: http://localhost:3000'
	@sed -n 's/^\([a-z0-9]*\): ## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r verb words; do printf 'make %-10s %s\n' "$$verb" "$$words"; done

setup: ## install what is missing for all verbs, and nothing else
	@tools/setup.sh test check release

watch: ## run, and rebuild what changes; the browser follows
	@tools/watch.sh $(ARGS)

test: ## every test: Rust, then journeys in a browser on both sets of engines
	@tools/test.sh

unit: ## the Rust tests alone (ARGS="-p cache" goes to cargo test)
	@tools/test.sh unit $(ARGS)

end2end: ## the journeys alone (ARGS="--project=embedded sign-in" goes to Playwright)
	@tools/test.sh end2end $(ARGS)

check: ## formatting, lints, licences, styles, types
	@tools/check.sh

format: ## put Rust, CSS and TypeScript into the form that check wants
	@tools/format.sh

release: ## dist/cloakroom: the optimised binary and its site
	@tools/release.sh

figures: ## sizes, start-up, memory and Lighthouse of a release build, as tables
	@tools/figures.sh

bench: ## CPU, rate and latency of operations, as a table (ENGINES=postgres-redis; PEERS=1; ARGS="--seconds 2 token")
	@PEERS=$(PEERS) tools/bench.sh $(or $(ENGINES),embedded) $(ARGS)

clean: ## remove what was built here (tools and data stay)
	@tools/clean.sh
