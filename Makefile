# Each target is one script; `make` alone lists them.
#   make run LITE=1      without litellm
#   make test STRICT=1   everything, and nothing may be skipped
#   make demo YES=1      says yes by itself

ifeq ($(OS),Windows_NT)
$(error Factotum does not run on Windows itself. Install WSL 2 (wsl --install) and run it there)
endif

YES_OPTION = $(if $(YES),--yes)

.PHONY: help run test check demo demo-crash prove bench lock clean

help:
	@echo "make run | test | check | demo | demo-crash | prove | bench | lock | clean"

run:
	@scripts/run

test:
	@scripts/test

check:
	@scripts/check

demo:
	@scripts/demo $(YES_OPTION)

demo-crash:
	@scripts/demo --crash $(YES_OPTION)

prove:
	@scripts/prove

bench:
	@scripts/bench

lock:
	@scripts/lock

clean:
	@scripts/clean
