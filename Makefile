# edgec: everything is built into build/. `make help` lists what there is.
#
#   CC=clang         another compiler
#   BUILD=dir        another place for what is built
#   SANITIZE=1       with AddressSanitizer and UndefinedBehaviorSanitizer
#   VECTORS=dir      unpacked ONNX node tests, for `make conformance`
#   MPI=1            build/edgec-mpi besides: trains on several processes, by Open MPI

BUILD ?= build
PREFIX ?= /usr/local
CC ?= cc
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

ONNX_PROTO_DIR := /usr/include/onnx
SOURCES_OF_ALL := $(shell git ls-files '*.c' '*.h' 2>/dev/null || find . -name '*.[ch]' -not -path './build/*')
# Rows leave out the slots that they do not fill, hence -Wno-missing-field-initializers.
WARNINGS := -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
# No contraction to fused multiply-adds: the same source gives the same bytes from either compiler.
CFLAGS ?= -O2
override CFLAGS += -std=c17 -D_DEFAULT_SOURCE -g -ffp-contract=off -fno-strict-overflow $(WARNINGS)
CPPFLAGS += -I. -I$(BUILD)/gen -MMD -MP
LDLIBS := -lprotobuf-c -lz -lopenblas -lm -lpthread
ifdef SANITIZE
override CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

FOLDERS := base graph graph/passes operators $(wildcard operators/*/) interpreter quantize distill prune lower verify \
           formats/onnx formats/edge formats/data formats/report runtime runtime/kernels/plain
ifneq ($(filter x86_64%,$(shell $(CC) -dumpmachine)),)
FOLDERS += runtime/kernels/avx2
endif
LIBRARY_SOURCES := $(sort $(foreach folder,$(FOLDERS),$(wildcard $(patsubst %/,%,$(folder))/*.c)))
COMMAND_SOURCES := $(sort $(wildcard cmd/*.c))
TEST_SOURCES := $(sort $(wildcard tests/unit/*.c tests/support/*.c tests/*.c))
CONFORMANCE_SOURCES := $(sort $(wildcard tests/conformance/*.c))
FUZZ_TARGETS := $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))
BENCH_TARGETS := $(basename $(notdir $(wildcard bench/*.c)))
EXAMPLE_SOURCES := $(wildcard examples/*.c)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIBRARY := $(BUILD)/libedgec.a
GENERATED := $(BUILD)/gen/onnx.pb-c.h $(BUILD)/gen/onnx.pb-c.c $(BUILD)/gen/operator_table.c
COMMAND_OBJECTS := $(call objects,$(filter-out cmd/main.c,$(COMMAND_SOURCES))) $(BUILD)/gen/command_table.o
LIBRARY_OBJECTS := $(call objects,$(LIBRARY_SOURCES)) $(BUILD)/gen/onnx.pb-c.o $(BUILD)/gen/operator_table.o

all: $(BUILD)/edgec ## build build/edgec

ifdef MPI
all: $(BUILD)/edgec-mpi
endif

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# ---- generated sources ----

$(BUILD)/gen/onnx.pb-c.c $(BUILD)/gen/onnx.pb-c.h &: $(ONNX_PROTO_DIR)/onnx.proto
	@mkdir -p $(BUILD)/gen
	@protoc-c --c_out=$(BUILD)/gen -I$(ONNX_PROTO_DIR) onnx.proto

$(BUILD)/gen/operator_table.c: tools/operator_table.awk $(filter operators/%,$(LIBRARY_SOURCES))
	@mkdir -p $(BUILD)/gen
	@awk -f tools/operator_table.awk $(filter operators/%,$(LIBRARY_SOURCES)) >$@.new
	@mv $@.new $@

$(BUILD)/gen/command_table.c: tools/command_table.awk $(COMMAND_SOURCES)
	@mkdir -p $(BUILD)/gen
	@awk -f tools/command_table.awk $(COMMAND_SOURCES) >$@.new
	@mv $@.new $@

$(BUILD)/gen/suites.h: tools/suites.awk $(TEST_SOURCES)
	@mkdir -p $(BUILD)/gen
	@awk -f tools/suites.awk $(TEST_SOURCES) >$@.new
	@mv $@.new $@

# ---- objects ----

# What protoc-c writes is not held to the project's warnings.
$(BUILD)/gen/onnx.pb-c.o: $(BUILD)/gen/onnx.pb-c.c
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(filter-out -W%,$(CFLAGS)) -w -c $< -o $@

$(BUILD)/gen/operator_table.o $(BUILD)/gen/command_table.o: %.o: %.c
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# The kernels are what a user waits for.
$(BUILD)/obj/runtime/kernels/plain/%.o: EXTRA := -O3
$(BUILD)/obj/runtime/kernels/avx2/%.o: EXTRA := -O3 -mavx2
# Loops over floats become vectors; floating-point exceptions and errno are not looked at, results stay the same.
$(BUILD)/obj/quantize/histogram.o $(BUILD)/obj/quantize/weight_clip.o: EXTRA := -O3 -fno-trapping-math -fno-math-errno
$(BUILD)/obj/operators/%.o $(BUILD)/obj/distill/optimizer.o: EXTRA := -O3 -fno-trapping-math -fno-math-errno

$(BUILD)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(EXTRA) -c $< -o $@

$(LIBRARY): $(LIBRARY_OBJECTS)
	@rm -f $@
	@echo "  AR      $@"
	@ar rcs $@ $^

$(BUILD)/edgec: $(call objects,cmd/main.c) $(COMMAND_OBJECTS) $(LIBRARY)
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

# The same program with the one file that knows MPI, which comes before the library's.
$(BUILD)/obj/mpi/ranks.o: distill/ranks.c
	@mkdir -p $(@D)
	@echo "  MPICC   $<"
	@$(CC) $(CPPFLAGS) $(addprefix -isystem,$(shell mpicc --showme:incdirs)) -DEDGEC_MPI $(CFLAGS) -c $< -o $@

$(BUILD)/edgec-mpi: $(call objects,cmd/main.c) $(COMMAND_OBJECTS) $(BUILD)/obj/mpi/ranks.o $(LIBRARY)
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $^ $(LDLIBS) $(shell mpicc --showme:link) -o $@

# ---- tests ----

$(call objects,$(TEST_SOURCES)): $(BUILD)/gen/suites.h
$(BUILD)/tests: $(call objects,$(TEST_SOURCES)) $(COMMAND_OBJECTS) $(LIBRARY)
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $^ -lcheck -lsubunit -lrt $(LDLIBS) -o $@

$(BUILD)/conformance: $(call objects,$(CONFORMANCE_SOURCES)) $(LIBRARY)
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

conformance: $(BUILD)/conformance ## the ONNX node tests in VECTORS=dir: failing ones, and counts by tier
	@test -n "$(VECTORS)" || { echo "make conformance VECTORS=dir: an unpacked folder with INDEX.tsv"; exit 2; }
	$(BUILD)/conformance $(CONFORMANCE_OPTIONS) $(VECTORS)

# Without a fuzzer linked in, a target replays the files it is given.
ifdef FUZZER
override CFLAGS += -fsanitize=fuzzer-no-link
FUZZ_MAIN := -fsanitize=fuzzer
else
FUZZ_MAIN := $(BUILD)/obj/tests/fuzz/replay.o
endif
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(filter %.o,$(FUZZ_MAIN)) $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $^ $(filter -f%,$(FUZZ_MAIN)) $(LDLIBS) -o $@

-include $(patsubst %.o,%.d,$(LIBRARY_OBJECTS) $(call objects,$(COMMAND_SOURCES) $(TEST_SOURCES) $(CONFORMANCE_SOURCES) $(wildcard bench/*.c tests/fuzz/*.c)))

fuzz: $(patsubst %,$(BUILD)/fuzz/%,$(FUZZ_TARGETS)) ## replay the fuzz corpora
	@for target in $(FUZZ_TARGETS); do $(BUILD)/fuzz/$$target tests/fuzz/corpus/$${target#fuzz_}/* || exit 1; done

# libFuzzer, with clang: make fuzzer TARGET=fuzz_onnx SECONDS=600
fuzzer: ## run one fuzz target for SECONDS (clang)
	$(MAKE) BUILD=$(BUILD)/fuzzer CC=clang SANITIZE=1 FUZZER=1 $(BUILD)/fuzzer/fuzz/$(TARGET)
	@mkdir -p $(BUILD)/fuzzer/corpus/$(TARGET)
	$(BUILD)/fuzzer/fuzz/$(TARGET) -max_total_time=$(or $(SECONDS),60) -timeout=10 -rss_limit_mb=2048 \
	  -artifact_prefix=$(BUILD)/fuzzer/ $(BUILD)/fuzzer/corpus/$(TARGET) tests/fuzz/corpus/$(TARGET:fuzz_%=%)

# ---- what people call ----

# The package manager is asked only for what is missing.
deps: ## install the packages that building and testing need (Debian 12)
	@missing=$$(for package in $$(cat tools/packages.txt) $(if $(MPI),openmpi-bin libopenmpi-dev); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || echo $$package; done); \
	test -z "$$missing" || { $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; }

quickstart: deps ## install what is needed, build, quantize the project's own example
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	$(BUILD)/edgec quantize examples/digits.onnx --data examples/digits.npz -o $(BUILD)/digits.edge

unit: $(BUILD)/tests $(BUILD)/edgec ## the tests, packages as they are
	EDGEC=$(BUILD)/edgec CK_DEFAULT_TIMEOUT=300 $(BUILD)/tests

conformance-check: $(BUILD)/conformance ## the same where the vectors are, against the list of those that fail
	@sh tests/conformance/check.sh $(BUILD)

mpi-check: all ## trainings on several processes against one, where Open MPI is
	@if command -v mpicc >/dev/null && command -v mpirun >/dev/null; then \
	  $(MAKE) --no-print-directory MPI=1 $(BUILD)/edgec-mpi && sh tests/mpi/check.sh $(BUILD); \
	else echo "mpi-check: skipped: there is no mpicc and mpirun (make deps MPI=1 installs them)"; fi

check: deps ## install what tests need and run all of them
	@$(MAKE) --no-print-directory -j$(shell nproc) all fuzz $(BUILD)/tests $(BUILD)/conformance
	@$(MAKE) --no-print-directory conformance-check mpi-check unit

# Check forks for each test: a small quarantine keeps what is copied then small.
asan: ## the tests and fuzz corpora under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory -j$(shell nproc) BUILD=$(BUILD)/asan SANITIZE=1 all fuzz $(BUILD)/asan/tests
	@ASAN_OPTIONS=quarantine_size_mb=16 $(MAKE) --no-print-directory BUILD=$(BUILD)/asan SANITIZE=1 unit

bench: all $(patsubst %,$(BUILD)/bench/%,$(BENCH_TARGETS)) ## time kernels and the main command; needs a quiet machine
	@for target in $(BENCH_TARGETS); do echo "== $$target"; $(BUILD)/bench/$$target || exit 1; done
	@sh bench/main_command.sh $(BUILD)/edgec

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

accuracy: all $(BUILD)/bench/data/accuracy_data ## measure bench/results/accuracy.txt again, and what differs
	@EDGEC=$(BUILD)/edgec EDGEC_DATA_MAKER=$(BUILD)/bench/data/accuracy_data sh bench/accuracy.sh >$(BUILD)/accuracy.txt
	@diff -u bench/results/accuracy.txt $(BUILD)/accuracy.txt

layers: $(GENERATED) ## who includes whom, and that every header compiles alone
	@awk -f tools/layers.awk tools/layers.txt $(SOURCES_OF_ALL)
	@for header in $(filter %.h,$(SOURCES_OF_ALL)); do \
	  printf "#include \"%s\"\ntypedef int header_compiles;\n" "$$header" | $(CC) $(filter-out -MMD -MP,$(CPPFLAGS)) $(filter-out -Wmissing-prototypes,$(CFLAGS)) \
	    -x c -fsyntax-only - || { echo "$$header: does not compile alone"; exit 1; }; done

format: ## format all sources with clang-format
	clang-format -i $(SOURCES_OF_ALL)

format-check: ## fail where a source is not formatted
	@clang-format --dry-run --Werror $(SOURCES_OF_ALL)

# The lines above the table stay.
operators-page: all ## write the table of docs/operators.md anew
	@awk '/^\|/ {exit} {print}' docs/operators.md >$(BUILD)/operators.md
	@$(BUILD)/edgec ops --markdown >>$(BUILD)/operators.md
	@mv $(BUILD)/operators.md docs/operators.md

examples: $(BUILD)/make_digits ## build the generator of the example data and draw build/digits.npz
	$(BUILD)/make_digits --count 2000 --seed 1 -o $(BUILD)/digits.npz

$(BUILD)/make_digits: $(call objects,$(EXAMPLE_SOURCES))
	@echo "  LD      $@"
	@$(CC) $(LDFLAGS) $^ -lz -lm -o $@

# Nothing but the runtime, its plain kernels and a C compiler, as on a device.
$(BUILD)/embed: examples/embed/embed.c $(wildcard runtime/*.[ch] runtime/kernels/plain/*.[ch])
	@echo "  LD      $@"
	@$(CC) -std=c17 -O2 -ffp-contract=off -DEDGE_PLAIN_ONLY -I. $(filter %.c,$^) -o $@

embed: all $(BUILD)/embed ## build the embedding example and run it on the digits
	$(BUILD)/edgec quantize examples/digits.onnx --data examples/digits.npz --uncompressed -q -o $(BUILD)/digits-raw.edge
	$(BUILD)/embed $(BUILD)/digits-raw.edge

install: all ## install to PREFIX (/usr/local)
	install -D -m 755 $(BUILD)/edgec $(DESTDIR)$(PREFIX)/bin/edgec

clean: ## remove build/
	rm -rf $(BUILD)

.PHONY: all help fuzz fuzzer deps quickstart unit check asan bench accuracy layers format format-check examples embed install clean \
        conformance conformance-check mpi-check
.DELETE_ON_ERROR:
.SECONDARY:
