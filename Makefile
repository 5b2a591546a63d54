# `make run` on a fresh Debian machine is all it takes to try userd; README.md says more.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
BUILD := cmake --build --preset

.PHONY: run build test check bench profile faults fuzz fuzz-build kafka assets clean

run: build
	@scripts/try
	@exec build/release/userd serve

build: assets
	@cmake --preset release > build/configure-release.log || (cat build/configure-release.log; exit 1)
	@$(BUILD) release -j $(JOBS) --target userd
	@ln -sf src/app/userd build/release/userd

# Third-party files that are embedded (documentation pages, common passwords), fetched once by package name.
assets:
	@scripts/bootstrap run
	@scripts/fetch-assets

test: build
	@scripts/bootstrap test
	@$(BUILD) release -j $(JOBS) --target userd_publish
	@cmake --preset asan > build/configure-asan.log || (cat build/configure-asan.log; exit 1)
	@$(BUILD) asan -j $(JOBS) --target userd_tests
	@cmake --preset tsan > build/configure-tsan.log || (cat build/configure-tsan.log; exit 1)
	@$(BUILD) tsan -j $(JOBS) --target userd_threaded_tests
	@$(MAKE) --no-print-directory fuzz-build
	@tests/run --units build/asan --units build/tsan --fuzz build/fuzz \
	  --backend sqlite --backend postgres --backend pgbouncer --backend replicas --pytest

check: assets
	@scripts/bootstrap check
	@scripts/check

# userd beside its limits: one table, medians of ROUNDS rounds, SECONDS for each measurement.
ROUNDS ?= 3
SECONDS ?= 3
bench: build
	@scripts/bootstrap bench
	@$(BUILD) release -j $(JOBS) --target userd_bench
	@build/venv/bin/python bench/run.py --rounds $(ROUNDS) --seconds $(SECONDS)

# Where the processor time goes under the load of ROUTE=profile|refresh|login|register: build/profile/ROUTE.svg.
profile: ROUTE ?= profile
profile: SECONDS = 5
profile: build
	@scripts/bootstrap bench
	@build/venv/bin/python bench/profile.py $(ROUTE) --seconds $(SECONDS)

# Kills, freezes, cuts and full disks under load, SECONDS for each of BACKEND=sqlite|postgres|both, from SEED (a random
# one if none is given); one table each (docs/faults.md). `make test` runs them shortly.
BACKEND ?= both
faults: SECONDS = 60
faults: build
	@scripts/bootstrap test
	@build/venv/bin/python tests/faults/run.py --seconds $(SECONDS) --backend $(BACKEND) $(if $(SEED),--seed $(SEED))

# FUZZ_SECONDS for each target; `make test` runs them shortly.
fuzz: assets
	@scripts/bootstrap fuzz
	@$(MAKE) --no-print-directory fuzz-build
	@tests/run --fuzz build/fuzz --fuzz-seconds $(FUZZ_SECONDS)

fuzz-build:
	@cmake --preset fuzz > build/configure-fuzz.log || (cat build/configure-fuzz.log; exit 1)
	@$(BUILD) fuzz -j $(JOBS)

# The test's real broker on 127.0.0.1:9092, in the foreground.
kafka:
	@scripts/bootstrap test
	@exec python3 tests/kafka/broker.py --port 9092

clean:
	rm -rf build
