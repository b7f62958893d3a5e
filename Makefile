# The only list of commands. CI calls `make test`; nothing lives in CI configuration alone.
# The work is done by the short scripts in tools/, which may also be run by hand.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo build test bench lint fmt wire setup screenshots audit clean-tools

SOURCE ?=
MASK ?=
GROUP ?=

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## set up, build and run relay, agent and pages on a sample clip (SOURCE=ffmpeg:... MASK=0,0,1,0.1 for your own)
	@tools/demo.sh "$(SOURCE)" "$(MASK)"

build: ## set up and build the programs for use into target/release, with the pages inside
	@tools/build.sh

test: ## set up, then everything that CI runs
	@tools/test.sh all

bench: ## measure and print the table of figures, also in target/bench.json (GROUP=live for one group)
	@tools/bench.sh "$(GROUP)"

lint: ## formats, lints, types, licences and house rules, without running a test
	@tools/test.sh lint

fmt: ## format Rust and TypeScript
	@tools/fmt.sh

wire: ## write viewer/src/wire again from the Rust types in relay/wire
	@HIBIKI_WRITE_WIRE=1 cargo test --locked --quiet -p wire --test typescript_is_fresh

screenshots: ## take the pictures in docs/screenshots from a running demo of its own
	@tools/screenshots.sh

setup: ## only the set-up, for running, testing and measuring
	@tools/setup.sh test

audit: ## check the lock file against the RustSec advisories (needs the internet, so it is no part of test)
	@tools/test.sh audit

clean-tools: ## remove what set-up put below .tools, and the demo's clips and data
	@rm -rf .tools .demo && echo "removed .tools and .demo; the next make sets up again"
