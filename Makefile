# edgec: everything is built into build/. `make help` lists what there is.
#
#   CC=clang         another compiler
#   BUILD=dir        another place for what is built
#   SANITIZE=1       with AddressSanitizer and UndefinedBehaviorSanitizer
#   VECTORS=dir      unpacked ONNX node tests, for `make conformance`

BUILD ?= build
PREFIX ?= /usr/local
CC ?= cc
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

ONNX_PROTO_DIR := /usr/include/onnx
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
# No contraction to fused multiply-adds: the same source gives the same bytes from either compiler.
CFLAGS ?= -O2
override CFLAGS += -std=c17 -D_DEFAULT_SOURCE -g -ffp-contract=off -fno-strict-overflow $(WARNINGS)
CPPFLAGS += -I. -I$(BUILD)/gen -MMD -MP
LDLIBS := -lprotobuf-c -lz -lopenblas -lm -lpthread
ifdef SANITIZE
override CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

FOLDERS := base graph graph/passes operators $(wildcard operators/*/) interpreter quantize lower verify \
           formats/onnx formats/edge formats/data formats/report runtime runtime/kernels/plain runtime/kernels/avx2
LIBRARY_SOURCES := $(sort $(foreach folder,$(FOLDERS),$(wildcard $(patsubst %/,%,$(folder))/*.c)))
COMMAND_SOURCES := $(sort $(wildcard cmd/*.c))
TEST_SOURCES := $(sort $(wildcard tests/unit/*.c tests/support/*.c tests/*.c))
CONFORMANCE_SOURCES := $(sort $(wildcard tests/conformance/*.c))
SCRIPT_TESTS := $(sort $(wildcard tests/cli/*.sh))
FUZZ_TARGETS := $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))
BENCH_TARGETS := $(basename $(notdir $(wildcard bench/*.c)))

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIBRARY := $(BUILD)/libedgec.a
GENERATED := $(BUILD)/gen/onnx.pb-c.h $(BUILD)/gen/onnx.pb-c.c $(BUILD)/gen/operator_table.c
COMMAND_OBJECTS := $(call objects,$(filter-out cmd/main.c,$(COMMAND_SOURCES))) $(BUILD)/gen/command_table.o
LIBRARY_OBJECTS := $(call objects,$(LIBRARY_SOURCES)) $(BUILD)/gen/onnx.pb-c.o $(BUILD)/gen/operator_table.o

all: $(BUILD)/edgec ## build build/edgec

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# ---- generated sources ----

$(BUILD)/gen/onnx.pb-c.c $(BUILD)/gen/onnx.pb-c.h &: $(ONNX_PROTO_DIR)/onnx.proto
	@mkdir -p $(BUILD)/gen
	protoc-c --c_out=$(BUILD)/gen -I$(ONNX_PROTO_DIR) onnx.proto

$(BUILD)/gen/operator_table.c: tools/operator_table.awk $(filter operators/%,$(LIBRARY_SOURCES))
	@mkdir -p $(BUILD)/gen
	awk -f tools/operator_table.awk $(filter operators/%,$(LIBRARY_SOURCES)) >$@.new
	mv $@.new $@

$(BUILD)/gen/command_table.c: tools/command_table.awk $(COMMAND_SOURCES)
	@mkdir -p $(BUILD)/gen
	awk -f tools/command_table.awk $(COMMAND_SOURCES) >$@.new
	mv $@.new $@

$(BUILD)/gen/suites.h: tools/suites.awk $(TEST_SOURCES)
	@mkdir -p $(BUILD)/gen
	awk -f tools/suites.awk $(TEST_SOURCES) >$@.new
	mv $@.new $@

# ---- objects ----

# What protoc-c writes is not held to the project's warnings.
$(BUILD)/gen/onnx.pb-c.o: $(BUILD)/gen/onnx.pb-c.c
	$(CC) $(CPPFLAGS) $(filter-out -W%,$(CFLAGS)) -w -c $< -o $@

$(BUILD)/gen/operator_table.o $(BUILD)/gen/command_table.o: %.o: %.c
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# The kernels are what a user waits for.
$(BUILD)/obj/runtime/kernels/plain/%.o: CFLAGS += -O3
$(BUILD)/obj/runtime/kernels/avx2/%.o: CFLAGS += -O3 -mavx2
# Loops over floats become vectors; floating-point exceptions and errno are not looked at, results stay the same.
$(BUILD)/obj/operators/%.o: CFLAGS += -O3 -fno-trapping-math -fno-math-errno

$(BUILD)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(LIBRARY): $(LIBRARY_OBJECTS)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/edgec: $(call objects,cmd/main.c) $(COMMAND_OBJECTS) $(LIBRARY)
	$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

# ---- tests ----

$(call objects,$(TEST_SOURCES)): $(BUILD)/gen/suites.h
$(BUILD)/tests: $(call objects,$(TEST_SOURCES)) $(COMMAND_OBJECTS) $(LIBRARY)
	$(CC) $(LDFLAGS) $^ -lcheck -lsubunit -lrt $(LDLIBS) -o $@

$(BUILD)/conformance: $(call objects,$(CONFORMANCE_SOURCES)) $(LIBRARY)
	$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

conformance: $(BUILD)/conformance ## the ONNX node tests in VECTORS=dir: failing ones, and counts by tier
	@test -n "$(VECTORS)" || { echo "make conformance VECTORS=dir: an unpacked folder with INDEX.tsv"; exit 2; }
	$(BUILD)/conformance $(CONFORMANCE_OPTIONS) $(VECTORS)

# Without a fuzzer linked in, a target replays the files it is given.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ $(LDLIBS) -o $@

include-deps := $(patsubst %.o,%.d,$(LIBRARY_OBJECTS) $(call objects,$(COMMAND_SOURCES) $(TEST_SOURCES) $(CONFORMANCE_SOURCES)))
-include $(include-deps)

deps: ## install the packages that building and testing need (Debian 12)
	$(SUDO) apt-get update -qq
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(shell cat tools/packages.txt)

unit: $(BUILD)/tests $(BUILD)/edgec ## the unit and command-line tests only, dependencies as they are
	EDGEC=$(BUILD)/edgec $(BUILD)/tests

clean: ## remove build/
	rm -rf $(BUILD)

.PHONY: all help deps unit conformance clean
.DELETE_ON_ERROR:
