# SPDX-License-Identifier: GPL-2.0
#
# From a kernel tree and a series of patches to a verdict. "make help".

TREE		?= v6.1-rc
LINUX		?=
BASE		?=
STAGE		?= last
SERIES		?=
JOBS		?= $(shell nproc)
BUILD		?= build
CPU		?= qemu
V		?=
DEBUG		?=
ifeq ($(origin CC),default)
CC		:= gcc
endif
export TREE LINUX BASE JOBS CC BUILD CPU V DEBUG

MAKEFLAGS	+= --no-print-directory
.DEFAULT_GOAL	:= verdict
.PHONY: verdict check check-long clients matrix witness witnesses tree refresh send report image boot clean help deps figures bench

verdict: deps
	@lab/run

check: deps
	@lab/check

check-long: deps
	@lab/check -l

matrix:
	@lab/deps matrix
	@lab/matrix

clients: deps
	@lab/clients

bench: deps
	@lab/bench

.PHONY: fuzz
fuzz: deps
	@lab/fuzz

.PHONY: coverage
coverage: deps
	@lab/coverage

witness:
	@lab/witness

witnesses:
	@lab/witnesses

tree: deps
	@lab/tree

refresh:
	@lab/refresh

report:
	@lab/report

send:
	@lab/deps send
	@lab/send $(SERIES)

image: deps
	@lab/tree >/dev/null
	@lab/image $(STAGE)

boot: deps
	@lab/tree >/dev/null
	@lab/shell $(STAGE)

deps:
	@lab/deps

figures:
	@lab/figures

clean:
	rm -rf $(BUILD)

help:
	@echo 'Targets:'
	@echo '  verdict (default)  build base and last stage, run the selftest in both, compare'
	@echo '  check              all tests; the last line is "N passed, M failed"'
	@echo '  check-long         what takes longer: kernels which look for errors, coverage, kills'
	@echo '  matrix             all stages x all cases on all CPUs, against what is expected'
	@echo '  clients            gdb, QEMU, CRIU, the kernel'\''s own tests on base and after each series'
	@echo '  bench              instructions which each call costs, stage by stage, and where they go'
	@echo '  fuzz STAGE=n       random XSAVE images by all interfaces, against XRSTOR on the CPU'
	@echo '  coverage STAGE=n   which lines and branches of the series the tests run'
	@echo '  witness            is my kernel right? this machine'\''s, or KERNEL=vmlinuz in the emulator'
	@echo '  witnesses          the same for kernels of Debian and for ours: the table in README.md'
	@echo '  tree               lay out the kernel tree with the series as commits, to work in'
	@echo '  refresh            write the commits of that tree back to series/'
	@echo '  send SERIES=name   whom the patches go to, and what the mails are like; sends nothing'
	@echo '  report             all results which there are as one page, build/report/index.html'
	@echo '  image STAGE=n      print the path of a stage'\''s bootable vmlinux'
	@echo '  boot STAGE=n       a shell in the guest, or what stdin says; ctrl-a x ends it'
	@echo '  figures            render the pictures of Documentation/ again'
	@echo '  clean              remove build/'
	@echo 'A stage is a patch, as pkru-ptrace/4, or its number: 0 is the base, last the last one.'
	@echo
	@echo 'Variables:'
	@echo '  LINUX=path BASE=rev  your own kernel tree or git repository, and a revision of it'
	@echo '  TREE=name            a tree known by name: $(notdir $(filter-out %.patch,$(wildcard lab/trees/*)))'
	@echo '  HOST=directory       for boot: what the guest gets a copy of, default the current one'
	@echo '  KERNEL=image MODULES=path  for witness: a vmlinuz, vmlinux or .deb, and its modules'
	@echo '  CPU=qemu|bochs       emulator: qemu has the standard XSAVE format, bochs the compacted'
	@echo '  ROUNDS=n SEED=n ROUND=n  for fuzz: how many, another sequence, a single one'
	@echo '  JOBS=n CC="ccache gcc"  as for a kernel build;  BUILD=path  instead of build/'
	@echo '  DEBUG=name           a kernel which looks for errors: $(patsubst lab/config/debug-%.config,%,$(wildcard lab/config/debug-*))'
	@echo '  V=1                  show what the tools print, and all cases'
