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
.PHONY: verdict check check-all check-long clients matrix witness witnesses tree refresh send report
.PHONY: image boot clean help figures bench fuzz coverage

# A script of lab/, and before it what its line "Needs:" names.
run		= @lab/deps lab/$(1) && exec lab/$(1)

verdict:
	$(call run,run)

check:
	@lab/check -g check

check-all:
	@lab/check $(if $(MINUTES),-m $(MINUTES)) -g $(or $(GROUP),all)

check-long:
	@echo 'error: make check-long is now: make check-all, or one group of it with GROUP=, see tests/groups' >&2
	@false

matrix:
	$(call run,matrix)

clients:
	$(call run,clients)

bench:
	$(call run,bench)

fuzz:
	$(call run,fuzz)

coverage:
	$(call run,coverage)

witness:
	@lab/witness

witnesses:
	$(call run,witnesses)

tree:
	$(call run,tree)

refresh:
	@lab/refresh

report:
	@lab/report

send:
	$(call run,send) $(SERIES)

image:
	@lab/deps lab/image
	@lab/tree >/dev/null
	@lab/image $(STAGE)

boot:
	@lab/deps lab/shell
	@lab/tree >/dev/null
	@lab/shell $(STAGE)

figures:
	$(call run,figures)

clean:
	rm -rf $(BUILD)

help:
	@echo 'Targets:'
	@echo '  verdict (default)  build base and last stage, run the selftest in both, compare'
	@echo '  check              what the series claim, in 15 minutes; the last line is "N passed, M failed"'
	@echo '  check-all          all tests, or GROUP="name..." of them: $(shell sed -n 's/^\([a-z0-9.-]*\)	.*/\1/p' tests/groups)'
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
	@echo '  MINUTES=n            for check-all: leave out the groups which would not end in time'
	@echo '  HOST=directory       for boot: what the guest gets a copy of, default the current one'
	@echo '  KERNEL=image MODULES=path  for witness: a vmlinuz, vmlinux or .deb, and its modules'
	@echo '  CPU=qemu|bochs       emulator: qemu has the standard XSAVE format, bochs the compacted'
	@echo '  ROUNDS=n SEED=n ROUND=n  for fuzz: how many, another sequence, a single one'
	@echo '  JOBS=n CC="ccache gcc"  as for a kernel build;  BUILD=path  instead of build/'
	@echo '  DEBUG=name           a kernel which looks for errors: $(patsubst lab/config/debug-%.config,%,$(wildcard lab/config/debug-*))'
	@echo '  V=1                  show what the tools print, and all cases'
