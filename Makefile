# A thin front of Meson. `make help` lists the targets.
.DEFAULT_GOAL := all
.PHONY: all help run demo test soak interop fuzz sanitize secrets wasm amalgamation bench bench-server bench-mls bench-web install format check clean

SECONDS ?= 30
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc

all: ## build the programs into build/bin, and the page into build/web
	@scripts/setup.sh web
	@scripts/build.sh web native

help: ## list the targets
	@sed -n 's/^\([a-z-]*\): .*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: all ## start a server with its data in ./var, and print how to talk through it
	@scripts/run.sh

demo: all ## show everything by itself: conversations, a crash, what the disk holds
	@scripts/demo.sh

test: ## build everything with warnings as errors, and run every test; fuzz for a minute
	@scripts/setup.sh test
	@scripts/build.sh web native wasm fuzz
	@scripts/run-tests.py native wasm fuzz

soak: all ## the long tests: many seeds, many crashes
	@scripts/run-tests.py --suite soak native

interop: all ## our libraries against live peers: ts-mls and OpenMLS, fetched into build/interop; Go's tlog
	@tests/interop/run.sh

sanitize: ## the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/setup.sh native
	@scripts/build.sh sanitize
	@scripts/run-tests.py --suite unit sanitize

fuzz: ## run each fuzz target for SECONDS seconds (30)
	@scripts/setup.sh wasm
	@scripts/build.sh fuzz
	@scripts/fuzz.sh $(SECONDS)

secrets: ## look for branches and indices of src/mls that depend on secrets, with valgrind
	@scripts/setup.sh secrets
	@scripts/build.sh native
	@meson setup --reconfigure build/native >build/secrets.log
	@ninja -C build/native --quiet mls_secrets
	@scripts/run-tests.py --suite secrets native

wasm: ## build the client's core for WebAssembly, and run its unit tests under node
	@scripts/setup.sh wasm
	@scripts/build.sh wasm
	@scripts/run-tests.py wasm

amalgamation: ## write the MLS library as one .c and one .h to build/amalgamation
	@scripts/amalgamate.py build/amalgamation

bench: all ## measure
	@bench/run.sh

bench-server: all ## measure the server beside ejabberd, Prosody and a bare relay, and draw it
	@scripts/setup.sh peers
	@bench/server.py build/native
	@bench/pictures.py build/bench/server.json

bench-mls: all ## measure the MLS library beside OpenMLS and mls-rs, if cargo can build them
	@bench/mls.sh

bench-web: all ## measure the page in Chromium: bytes, times, memory, calls, with a phone's processor and network, too
	@scripts/setup.sh test
	@node web/tests/bench.mjs build/native/src/server/sottod build/web

install: all ## install the programs and their manual: PREFIX (/usr/local), SYSCONFDIR (/etc), DESTDIR
	@meson configure build/native -Dprefix=$(PREFIX) -Dsysconfdir=$(SYSCONFDIR)
	@DESTDIR=$(DESTDIR) meson install -C build/native --quiet

format: ## format the C sources
	@scripts/setup.sh format
	@git ls-files '*.[ch]' | xargs -r "clang-format-$$(scripts/clang-version.sh)" -i

check: ## what `make test` checks about the sources themselves
	@scripts/check-deps.py
	@scripts/check-mistakes.py
	@scripts/mls-rules.py --check

clean: ## remove what was built, but not what was fetched
	@rm -rf build/native build/sanitize build/fuzz build/wasm build/web build/bin
