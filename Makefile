# Postern. Every task by name: run test check lint lint-all bench bench-instructions fuzz fmt release install clean deps.
# One build folder a flavour: build/FLAVOUR/…; generated sources in build/gen, shared by all.

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
VERSION := $(shell cat VERSION)
FLAVOURS := debug release asan tsan cov fuzz
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := debug
.DELETE_ON_ERROR:

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef \
	-Wconversion -Werror
CPPFLAGS_ALL := -Iinclude -Ibuild/gen -I/usr/include/libxml2 -I/usr/include/postgresql -D_GNU_SOURCE -DPOSTERN_VERSION='"$(VERSION)"'
CFLAGS_ALL := -std=c17 -g -pthread $(WARN) -fno-omit-frame-pointer -fstack-protector-strong
LIBS := -lmicrohttpd -lsodium -lsqlite3 -lpq -ljansson -lcurl -lcmark-gfm-extensions -lcmark-gfm -lxml2 -linih \
	-lzxcvbn -lcares -lutf8proc -lidn2 -lz -lbrotlienc -lm
HARDEN := -fPIE -pie -Wl,-z,relro,-z,now,-z,noexecstack
# some 200 programs of tests: gold takes a quarter of the time of the linker that the program itself is made with
LD_TEST := $(if $(shell command -v ld.gold),-fuse-ld=gold)

flags_debug := -O0
# across files, where gcc compiles: a request passes many small functions of several rooms
lto := $(if $(findstring clang,$(CC)),,-flto=auto -ffat-lto-objects)
flags_release := -O2 $(lto) -DNDEBUG -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-clash-protection -fcf-protection
flags_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
flags_tsan := -O1 -fsanitize=thread
flags_cov := -O0 --coverage
flags_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
cc_fuzz := $(CLANG)

SRC := $(filter-out src/cli/main.c,$(sort $(shell find src -name '*.c')))
UNIT := $(wildcard tests/unit/test_*.c)
# those that make allocations fail have malloc and its like for themselves (tests/unit/memory_help.h)
wrap_comma := ,
UNIT_WRAP := -Wl$(subst $() ,,$(foreach f,malloc calloc realloc reallocarray strdup strndup,$(wrap_comma)--wrap=$(f)))
# and the one that counts decisions has those for itself
COUNT_WRAP := -Wl$(subst $() ,,$(foreach f,paywall_decide paywall_decide_unmetered,$(wrap_comma)--wrap=$(f)))
UNIT_HELP := $(filter-out $(UNIT),$(wildcard tests/unit/*.c))
FUZZ := $(wildcard tests/fuzz/fuzz_*.c)
EMBED := $(shell find web/templates web/mail web/static web/passwords web/demo/articles -type f 2>/dev/null) docs/openapi.yaml web/keys.txt LICENSE
MIGRATIONS := $(wildcard schema/migrations/*.sql)
QUERIES := $(wildcard schema/queries/*.sql)
GEN_C := build/gen/schema.c
GEN_S := build/gen/embed.S
GEN_H := build/gen/postern/queries.h
GEN_Q := $(QUERIES:schema/%.sql=build/gen/postern/%.h)

# ---- packages: checked once, again when the list changes; one after another, for apt has one lock ----
build/.deps-run: deploy/deps
	@deploy/deps run
	@mkdir -p build && touch $@
build/.deps-test: deploy/deps | build/.deps-run
	@deploy/deps test
	@mkdir -p build && touch $@
tests/node_modules/.done: tests/package-lock.json | build/.deps-test
	cd tests && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# ---- generated: the queries, prepared against the migrated schema, and the embedded files ----
SCHEMAC := $(addprefix tools/,schemac.c common.c signature.c function.c tables.c output.c)
build/gen/schemac: $(SCHEMAC) tools/schemac.h tools/dialect_check.h src/db/dialect.h | build/.deps-run
	@mkdir -p $(@D)
	@echo "  HOSTCC $@"
	@$(CC) $(CFLAGS_ALL) -O1 -o $@ $(SCHEMAC) -lsqlite3
build/gen/embed: tools/embed.c | build/.deps-run
	@mkdir -p $(@D)
	@echo "  HOSTCC $@"
	@$(CC) $(CFLAGS_ALL) -O1 -D_GNU_SOURCE -o $@ $<
$(GEN_H) $(GEN_C) $(GEN_Q) &: build/gen/schemac $(MIGRATIONS) $(QUERIES)
	@echo "  SCHEMA build/gen"
	@build/gen/schemac schema build/gen
$(GEN_S): build/gen/embed $(EMBED)
	@echo "  EMBED $@"
	@build/gen/embed $@ $(EMBED)

# ---- one set of rules for each flavour ----
define flavour
compiler_$(1) = $$(if $$(cc_$(1)),$$(cc_$(1)),$$(CC))
obj_$(1) := $$(SRC:%.c=build/$(1)/%.o) build/$(1)/gen/schema.o build/$(1)/gen/embed.o
unit_$(1) := $$(UNIT:tests/unit/%.c=build/$(1)/unit/%)
build/$(1)/%.o: %.c $$(GEN_H) | $$(GEN_Q) build/.deps-run
	@mkdir -p $$(@D)
	@echo "  CC $(1) $$<"
	@$$(compiler_$(1)) $$(CPPFLAGS_ALL) $$(CFLAGS_ALL) $$(flags_$(1)) -fPIE -MMD -MP -c -o $$@ $$<
build/$(1)/gen/schema.o: $$(GEN_C)
	@mkdir -p $$(@D)
	@$$(compiler_$(1)) $$(CPPFLAGS_ALL) $$(CFLAGS_ALL) -Wno-overlength-strings $$(flags_$(1)) -fPIE -c -o $$@ $$<
build/$(1)/gen/embed.o: $$(GEN_S)
	@mkdir -p $$(@D)
	@$$(CC) -fPIE -c -o $$@ $$<
build/$(1)/libpostern.a: $$(obj_$(1))
	@rm -f $$@ && ar rcs $$@ $$^
build/$(1)/postern: build/$(1)/src/cli/main.o build/$(1)/libpostern.a
	@echo "  LD $(1) $$@"
	@$$(compiler_$(1)) $$(CFLAGS_ALL) $$(flags_$(1)) $$(HARDEN) -o $$@ $$^ $$(LIBS)
build/$(1)/unit/%: build/$(1)/tests/unit/%.o $$(UNIT_HELP:%.c=build/$(1)/%.o) build/$(1)/libpostern.a | build/.deps-test
	@mkdir -p $$(@D)
	@$$(compiler_$(1)) $$(CFLAGS_ALL) $$(flags_$(1)) $$(LD_TEST) -pie $$(if $$(filter test_memory_%,$$*),$$(UNIT_WRAP)) $$(if $$(filter test_pages_cold,$$*),$$(COUNT_WRAP)) -o $$@ $$^ -lcmocka -lbrotlidec $$(LIBS)
$$(patsubst %.c,build/$(1)/%.o,$$(UNIT) $$(UNIT_HELP) $$(FUZZ) tests/fuzz/replay.c): | build/.deps-test
.PHONY: $(1) unit-$(1)
$(1): build/$(1)/postern
unit-$(1): $$(unit_$(1))
-include $$(shell find build/$(1) -name '*.d' 2>/dev/null)
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour,$(f))))

# ---- fuzzing: a target per parser, seeds in the tree, replayed by the ordinary tests ----
build/fuzz/bin/%: build/fuzz/tests/fuzz/%.o build/fuzz/libpostern.a
	@mkdir -p $(@D)
	@$(CLANG) $(CFLAGS_ALL) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)
build/asan/replay/%: build/asan/tests/fuzz/%.o build/asan/tests/fuzz/replay.o build/asan/libpostern.a
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS_ALL) $(flags_asan) $(LD_TEST) -pie -o $@ $^ $(LIBS)
replay := $(FUZZ:tests/fuzz/%.c=build/asan/replay/%)
FUZZ_SECONDS ?= 60

# ---- benches: the bare library beside Postern, and what fills a database ----
build/.deps-bench: deploy/deps | build/.deps-test
	@deploy/deps bench
	@mkdir -p build && touch $@
build/bench/twin build/bench/seed build/bench/readers: build/bench/%: tests/bench/%.c | build/.deps-test
	@mkdir -p $(@D)
	@echo "  CC bench $<"
	@$(CC) -std=c17 -O2 -g -D_GNU_SOURCE $(WARN) -o $@ $< -lmicrohttpd -lsodium -lsqlite3
bench_programs := build/release/postern build/bench/twin build/bench/seed build/bench/readers

.PHONY: run test check lint lint-all bench bench-instructions fuzz fmt install clean deps chaos
.SECONDARY:
deps: build/.deps-run build/.deps-test
run: build/release/postern
	@build/release/postern run-demo
check: unit-debug build/debug/postern
	@tests/run unit debug
test: unit-asan unit-tsan $(replay) build/debug/postern build/asan/postern build/tsan/postern \
		tests/node_modules/.done $(bench_programs)
	@tests/run all
lint lint-all: $(GEN_H) $(GEN_C) build/debug/postern tests/node_modules/.done
	@tests/lint/clang $(CLANG) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -- $(SRC) src/cli/main.c $(UNIT) $(FUZZ); \
		compiled=$$?; tests/lint/run $(if $(filter lint-all,$@),all) && [ $$compiled = 0 ]
fuzz: $(FUZZ:tests/fuzz/%.c=build/fuzz/bin/%)
	tests/fuzz/run $(FUZZ_SECONDS)
bench: $(bench_programs) | build/.deps-bench
	ROUNDS=$(ROUNDS) SECONDS_EACH=$(SECONDS_EACH) tests/bench/run
bench-instructions: $(bench_programs) | build/.deps-bench
	tests/bench/count $(if $(BUDGET),--budget) $(if $(PROFILE),--profile)
chaos: build/debug/postern tests/node_modules/.done
	@for t in tests/chaos/*.test.mjs; do TEST_BIN=$(CURDIR)/build/debug/postern TEST_FLAVOUR=debug node --test $$t || exit 1; done
fmt: tests/node_modules/.done
	node tests/lint/style.mjs --fix
	clang-format -i $$(git ls-files '*.c' '*.h')
	cd tests && node_modules/.bin/biome format --write --log-level=warn .
install: build/release/postern
	install -D -m 755 build/release/postern $(DESTDIR)$(PREFIX)/bin/postern
	install -D -m 644 deploy/postern.service $(DESTDIR)$(PREFIX)/lib/systemd/system/postern.service
	install -d $(DESTDIR)$(PREFIX)/share/doc/postern
	install -m 644 README.md CHANGELOG.md LICENSE docs/*.md docs/*.yaml $(DESTDIR)$(PREFIX)/share/doc/postern/
clean:
	rm -rf build
