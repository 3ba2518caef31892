# Spinscope. `make run` and `make test` set up what they need on a fresh Debian 12 with Go, Node, make and git.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := build/bin
PREFIX ?= /usr/local
STAMP := build/.stamp
VERSION ?= $(shell build/version.sh)
COMMIT ?= $(shell git rev-parse --short HEAD 2>/dev/null)
RELEASE_KEY ?=
RELEASE_PAGE ?=
LDFLAGS := -s -w -X spinscope/backend/cli.version=$(VERSION) -X spinscope/backend/cli.commit=$(COMMIT) \
  -X spinscope/backend/config.releaseKey=$(RELEASE_KEY)
DESKTOP_TAGS := desktop,production,webkit2_41
LINT_VERSION := v2.12.2
NFPM_VERSION := v2.45.2
FLIT_VERSION := 3.12.0
FLIT := $(BIN)/flit-$(FLIT_VERSION)
DIST ?= dist

export GOFLAGS ?= -buildvcs=false

PAGE_SOURCES := $(shell find frontend/src frontend/public frontend/index.html frontend/package-lock.json frontend/vite.config.ts -type f 2>/dev/null)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

# ---- set-up -------------------------------------------------------------------------------------------------------

.PHONY: setup
setup: $(STAMP)/run ## Install what building and running need

$(STAMP)/run: build/setup.sh
	@build/setup.sh run
	@mkdir -p $(@D) && touch $@

$(STAMP)/test: build/setup.sh
	@build/setup.sh test
	@mkdir -p $(@D) && touch $@

$(STAMP)/package $(STAMP)/test-package: build/setup.sh
	@build/setup.sh $(@F)
	@mkdir -p $(@D) && touch $@

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund
	@touch $@

# ---- build --------------------------------------------------------------------------------------------------------

frontend/dist/index.html: frontend/node_modules/.package-lock.json $(PAGE_SOURCES)
	cd frontend && npm run build

.PHONY: page
page: frontend/dist/index.html ## Build the page

.PHONY: build
build: $(STAMP)/run page ## Build the desktop app (build/bin/spinscope) and the server (build/bin/spinscope-server)
	go build -tags $(DESKTOP_TAGS) -trimpath -ldflags "$(LDFLAGS)" -o $(BIN)/spinscope .
	@$(MAKE) --no-print-directory server

.PHONY: server
server: page ## Build the server alone: no window, no GTK, no C compiler (make install puts it on the PATH as spinscope)
	CGO_ENABLED=0 go build -trimpath -ldflags "$(LDFLAGS)" -o $(BIN)/spinscope-server .

.PHONY: install
install: ## Install what was built as PREFIX/bin/spinscope (PREFIX=/usr/local): the app, or the server if only that was built
	@build/install.sh $(BIN) "$(DESTDIR)$(PREFIX)"

.PHONY: package
package: $(STAMP)/package page frontend/node_modules/.package-lock.json $(BIN)/nfpm-$(NFPM_VERSION) $(FLIT)/ready ## Make what people install, in dist/ (ONLY=linux-amd64,…: of some systems; SPINSCOPE_MINISIGN_KEY=FILE signs it, RELEASE_KEY=PUBLIC builds the key in, RELEASE_PAGE=URL describes the release)
	cd build/package && go build -trimpath -o ../bin/package .
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/package -dist "$(DIST)" -only "$(ONLY)" \
	  -nfpm $(CURDIR)/$(BIN)/nfpm-$(NFPM_VERSION) -python $(CURDIR)/$(FLIT)/bin/python -version "$(VERSION)" -commit "$(COMMIT)" \
	  -key "$(RELEASE_KEY)" -page "$(RELEASE_PAGE)"

.PHONY: clients
clients: frontend/node_modules/.package-lock.json $(FLIT)/ready ## Make the packages of the clients for scripts, in dist/
	cd build/package && go build -trimpath -o ../bin/package .
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/package -dist "$(DIST)" -only clients \
	  -python $(CURDIR)/$(FLIT)/bin/python -version "$(VERSION)"

$(FLIT)/ready:
	python3 -m venv --clear $(FLIT) && $(FLIT)/bin/python -m pip install --quiet --disable-pip-version-check flit_core==$(FLIT_VERSION)
	@touch $@

$(BIN)/nfpm-$(NFPM_VERSION):
	GOBIN=$(CURDIR)/$(BIN) go install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)
	@mv $(BIN)/nfpm $@

.PHONY: run
run: build ## Build and open the app on the demo market; without a display, serve it and print the address
	@build/run.sh $(BIN)/spinscope $(BIN)/spinscope-server

.PHONY: dev
dev: frontend/node_modules/.package-lock.json ## Serve the demo market and the page with hot reload
	@build/dev.sh

# ---- checks -------------------------------------------------------------------------------------------------------

.PHONY: test
test: test-go test-bench test-page e2e e2e-desktop ## Set up, build and run every test, the ones in the browser and in the webview too

.PHONY: test-go
test-go: $(STAMP)/test page ## Run the Go tests
	CGO_ENABLED=1 go test -race -shuffle=on -timeout 40m ./...

.PHONY: test-bench
test-bench: ## Test the benchmarks against other servers, what packs releases and the Go client, which are modules of their own
	cd bench && go vet ./... && go test ./...
	cd build/package && go vet . && go test .
	cd frontend/clients/go && go vet . && CGO_ENABLED=1 go test -race .
	cd examples/client/go && go vet ./...

.PHONY: test-page
test-page: frontend/node_modules/.package-lock.json page ## Check and test the page
	cd frontend && npm run check && npm run size

.PHONY: e2e
e2e: $(STAMP)/test server ## Drive the page in Chromium against a running server
	@build/e2e-browser.sh $(BIN)/spinscope-server

.PHONY: shots
shots: $(STAMP)/test server ## Take the pictures in docs/images anew, which `make e2e` compares the page with
	@SPINSCOPE_SHOTS_UPDATE=1 build/e2e-browser.sh $(BIN)/spinscope-server shots

.PHONY: e2e-desktop
e2e-desktop: $(STAMP)/test build ## Drive the desktop app in the real webview under Xvfb
	@go build -tags $(DESKTOP_TAGS),devtools -trimpath -o $(BIN)/spinscope-devtools .
	@build/e2e-desktop.sh $(BIN)/spinscope-devtools

.PHONY: test-package
test-package: $(STAMP)/test-package ## Make packages and try them, as root, on a copy of this machine: install, upgrade, open, remove (ONLY=linux-amd64: not those for Windows)
	@build/test-package-make.sh "$(or $(ONLY),linux-amd64,windows-amd64)"

.PHONY: lint
lint: $(BIN)/golangci-lint-$(LINT_VERSION) ## Lint the Go code
	GOLANGCI_LINT_CACHE=$(CURDIR)/build/.lint $(BIN)/golangci-lint-$(LINT_VERSION) run --allow-parallel-runners ./...

$(BIN)/golangci-lint-$(LINT_VERSION):
	GOBIN=$(CURDIR)/$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@mv $(BIN)/golangci-lint $@

.PHONY: fmt
fmt: $(BIN)/golangci-lint-$(LINT_VERSION) frontend/node_modules/.package-lock.json ## Format everything
	$(BIN)/golangci-lint-$(LINT_VERSION) fmt ./...
	cd frontend && npm run format

.PHONY: gen
gen: ## Generate what is generated: the page's wire types, the page of commands
	go generate ./...

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (default 30s)
	@build/fuzz.sh $(or $(FUZZTIME),30s)

.PHONY: bench
bench: ## Run the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./backend/...
	cd bench && go test -run '^$$' -bench . -benchtime 5s ./decode

.PHONY: bench-fanout
bench-fanout: ## Measure fan-out beside other servers, in four minutes (FANOUT=-full: docs/performance.md; FANOUT=-help)
	cd bench && go run ./fanout $(FANOUT)

.PHONY: bench-ui
bench-ui: $(STAMP)/test server ## Measure the page in Chromium: frames, memory, start (UI="updates switch scroll memory start": some parts only)
	cd bench && go build -o ../$(BIN)/feeder ./ui
	cd frontend && node tools/bench-ui.mjs ../$(BIN)/feeder ../$(BIN)/spinscope-server $(UI)

.PHONY: soak
soak: ## Run what takes too long for `test`: 500 Socket.IO clients that misbehave, clusters with every fault, coins among them, 30 kills and more, outages, 130,000 random requests, 100,000 tokens, a genuine validator where there is one
	SPINSCOPE_CHURN=500 CGO_ENABLED=1 go test -race -count=3 -timeout 10m -run '^TestChurn$$' ./backend/socketio
	SPINSCOPE_SOAK=1 go test -count=1 -timeout 40m -v -run '^(TestChaos|TestCoinChaos|TestKills|TestTroubleShowsAndGoes|TestRequestsOfTheDescription)$$' ./backend/e2e
	SPINSCOPE_SOAK=1 go test -count=1 -timeout 80m -v -run '^TestNodesFail$$' ./backend/e2e
	SPINSCOPE_SOAK=1 go test -count=1 -timeout 60m -v -run '^(TestGenuineValidator|TestDriverOnGenuineVM)$$' ./backend/e2e
	SPINSCOPE_SOAK=1 go test -count=1 -timeout 20m -v -run '^TestRandomParametersNeverFail$$' ./backend/server/rest
	SPINSCOPE_SOAK=1 go test -count=1 -timeout 20m -v -run '^TestMemoryOfManyMints$$' ./backend/ingest
	SPINSCOPE_SOAK=1 go test -count=1 -timeout 60m -v -run '^TestNodesOfEveryKind$$' ./backend

.PHONY: check
check: lint test ## Exactly what CI runs; as root it tries the packages of this system too
	@if [ "$$(id -u)" != 0 ]; then echo "SKIPPED: the packages are not tried, as this is not root"; \
	elif ! build/test-package.sh --possible; then echo "SKIPPED: the packages are not tried, as nothing can be mounted here"; \
	else $(MAKE) --no-print-directory test-package ONLY=linux-amd64; fi

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN) $(STAMP) dist frontend/dist/assets frontend/dist/index.html
