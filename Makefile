# SPDX-License-Identifier: GPL-2.0
#
# From a kernel tree and a series of patches to a verdict. "make help".

# What else may be set is in lab/settings.sh, and goes there by the environment.
STAGE		?= last
BUILD		?= build

MAKEFLAGS	+= --no-print-directory
.DEFAULT_GOAL	:= verdict
.PHONY: verdict check check-all check-long clients matrix witness witness-kit witnesses tree refresh send report
.PHONY: image boot clean help figures bench fuzz coverage

# A script, and before it what its line "Needs:" names.
run		= @lab/run/deps $(1) && exec $(1)

verdict:
	$(call run,lab/run/compare)

check:
	@lab/run/check -g check

check-all:
	@lab/run/check $(if $(MINUTES),-m $(MINUTES)) -g $(or $(GROUP),all)

check-long:
	@echo 'error: make check-long is now: make check-all, or one group of it with GROUP=, see tests/groups' >&2
	@false

matrix:
	$(call run,lab/run/matrix)

clients:
	$(call run,lab/run/clients)

bench:
	$(call run,lab/run/bench)

fuzz:
	$(call run,lab/run/fuzz)

coverage:
	$(call run,lab/run/coverage)

witness:
	@witness/witness

witness-kit:
	$(call run,witness/kit)

witnesses:
	$(call run,witness/table)

tree:
	$(call run,lab/source/tree)

refresh:
	@lab/source/refresh

report:
	$(call run,lab/verdict/report)

send:
	$(call run,lab/source/send) $(SERIES)

image:
	@lab/run/deps lab/kernel/image
	@lab/source/tree >/dev/null
	@lab/kernel/image $(STAGE)

boot:
	@lab/run/deps lab/guest/shell
	@lab/source/tree >/dev/null
	@lab/guest/shell $(STAGE)

figures:
	$(call run,Documentation/figures/render)

clean:
	rm -rf $(BUILD)

help:
	@echo 'Targets:'
	@echo '  verdict (default)  build base and last stage, run the selftest in both, compare'
	@echo '  check              what the series claim, in 15 minutes; the last line is "N passed, M failed"'
	@echo '  check-all          all tests, or GROUP="name..." of them: $(shell sed -n 's/^\([a-z0-9.-]*\)	.*/\1/p' tests/groups)'
	@echo '  matrix             all stages x all cases on all machines, against what is expected'
	@echo '  clients            gdb, QEMU, CRIU, the kernel'\''s own tests on base and after each series'
	@echo '  bench              instructions which each call costs, stage by stage, and where they go'
	@echo '  fuzz STAGE=n       random XSAVE images by all interfaces, against XRSTOR on the CPU'
	@echo '  coverage STAGE=n   which lines and branches of the series the tests run'
	@echo '  witness            is my kernel right? this machine'\''s, or KERNEL=vmlinuz in the emulator'
	@echo '  witness-kit        an archive to ask that on any other machine: static programs and a script'
	@echo '  witnesses          the same for kernels of Debian and for ours: the table in README.md'
	@echo '  tree               lay out the kernel tree with the series as commits, to work in'
	@echo '  refresh            write the commits of that tree back to series/'
	@echo '  send SERIES=name   whom the patches go to, and what the mails are like; sends nothing'
	@echo '  report             all results which there are as one page, build/report/index.html'
	@echo '  image STAGE=n      print the path of a stage'\''s bootable vmlinux'
	@echo '  boot STAGE=n       a shell in the guest, or what stdin says; ctrl-a x ends it'
	@echo '  figures            render the pictures of Documentation/ again'
	@echo '  clean              remove build/'
	@echo
	@echo 'Settings, as in "make boot STAGE=pkru-ptrace/4":'
	@sed -n 's/^: "$${\([A-Z_]*\):=\(.*\)}"\t# /\1\t\2\t/p' lab/settings.sh | \
		awk -F '\t' '{ printf "  %-10s %-10s %s\n", $$1, $$2, $$3 }'
	@echo
	@echo 'Machines, MACHINE=:'
	@cd lab/guest/machines && for m in *; do printf '  %-14s %s\n' $$m "$$(sed -n '1s/^# //p' $$m)"; done
