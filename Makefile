# Sojourn. `make help` lists the targets.

VERSION := $(shell sed -n 's/^## \([0-9][0-9A-Za-z.-]*\).*/\1/p' CHANGELOG.md | head -n 1)
GO_BUILD := go build -trimpath -ldflags "-X main.version=$(VERSION)"
DIST     := internal/console/dist/index.html
WEB      := $(shell find web/src web/public web/index.html web/*.ts web/*.json -type f 2>/dev/null)
FUZZTIME ?= 30s
ROUNDS   ?= 100
DATA     ?= ./data
REQUESTS ?= 70000000
DAYS     ?= 7

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 17

.PHONY: run
run: build ## Run it: with a demo, or in front of your API: make run UPSTREAM=http://host:port
ifdef UPSTREAM
	bin/sojourn serve --data $(DATA) --upstream $(UPSTREAM)
else
	bin/sojourn serve --data $(DATA) --demo
endif

.PHONY: build
build: web ## Build the console and bin/sojourn
	$(GO_BUILD) -o bin/sojourn ./cmd/sojourn

.PHONY: web
web: $(DIST) ## Build the console into the binary's folder

$(DIST): web/node_modules/.package-lock.json $(WEB)
	cd web && npm run --silent build
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	@scripts/need npm npm
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test/browser/node_modules/.package-lock.json: test/browser/package-lock.json
	@scripts/need npm npm
	cd test/browser && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test/clickhouse/node_modules/.package-lock.json: test/clickhouse/package-lock.json
	@scripts/need npm npm
	@# Not npm ci: it wants the engines for all platforms in the lock, and there is only this one.
	cd test/clickhouse && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: test
test: build check test-go test-web test-browser ## Run every test

.PHONY: test-go
test-go: test/clickhouse/node_modules/.package-lock.json ## Go tests with the race detector
	go test -race -count=1 -timeout 20m ./...

.PHONY: crash
crash: build ## Kill hub and node at random moments under load, ROUNDS (100) times
	SOJOURN_BIN=$(CURDIR)/bin/sojourn SOJOURN_CRASH_ROUNDS=$(ROUNDS) go test -count=1 -timeout 2h -v -run TestCrash ./test

.PHONY: test-clickhouse
test-clickhouse: test/clickhouse/node_modules/.package-lock.json ## The store on a real ClickHouse engine
	go test -count=1 ./internal/store/clickhouse

.PHONY: test-web
test-web: web/node_modules/.package-lock.json ## Unit tests of the console
	cd web && npm run --silent typecheck && npm run --silent lint && npm run --silent test

.PHONY: test-browser
test-browser: build test/browser/node_modules/.package-lock.json ## The console in headless Chromium against the built binary
	@scripts/need chromium chromium
	cd test/browser && npm run --silent test

.PHONY: check
check: web/node_modules/.package-lock.json ## Format, vet, staticcheck, architecture, generated files
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go test -count=1 -run 'TestImports|TestPackageComments' .
	go test -count=1 -run TestDocument ./internal/api
	@cd web && npx --no-install openapi-typescript ../internal/api/openapi.json --output node_modules/.schema.check.d.ts >/dev/null
	@cmp -s web/node_modules/.schema.check.d.ts web/src/api/schema.d.ts || { echo "web/src/api/schema.d.ts is not what internal/api/openapi.json says: make generate"; exit 1; }

.PHONY: generate
generate: ## Make the generated files again: the OpenAPI document and the console's types
	go test -run TestDocument ./internal/api -update
	cd web && npm run --silent types

.PHONY: bench
bench: build ## Benchmarks, each as a ratio to something real in the same run
	scripts/bench

.PHONY: bench-store
bench-store: build test/clickhouse/node_modules/.package-lock.json ## The store with REQUESTS (70000000) over DAYS (7), beside ClickHouse
	REQUESTS=$(REQUESTS) DAYS=$(DAYS) scripts/bench-store

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (30s)
	scripts/fuzz $(FUZZTIME)

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin web/node_modules test/browser/node_modules test/clickhouse/node_modules
	find internal/console/dist -mindepth 1 ! -name .gitkeep -delete
