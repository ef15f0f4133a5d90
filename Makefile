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
	$(call run,lab/measure/bench)

fuzz:
	$(call run,lab/run/fuzz)

coverage:
	$(call run,lab/measure/coverage)

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
	rm -rf -- "$(BUILD)"

help:
	@echo 'Targets:'
	@echo '  verdict (default)  the selftests on base and last stage, compared'
	@echo '  check              what the series claim; ends with "N passed, M failed"'
	@echo '  check-all          all tests, or the groups of GROUP=, see tests/groups'
	@echo '  matrix             all stages on two machines, against what is expected'
	@echo '  clients            gdb, QEMU, CRIU and tests of the kernel, before and after'
	@echo '  bench              what each call costs in instructions, stage by stage'
	@echo '  fuzz STAGE=n       random images by all interfaces, against XRSTOR'
	@echo '  coverage STAGE=n   the lines and branches of the series that tests run'
	@echo '  witness            is my kernel right? This one, or KERNEL= in the emulator'
	@echo '  witness-kit        an archive that asks this on any other machine'
	@echo '  witnesses          the same for kernels of Debian: README.md'\''s table'
	@echo '  tree               the kernel tree with a commit for each patch, to work in'
	@echo '  refresh            write the commits of that tree back to series/'
	@echo '  send SERIES=name   recipients and checks of a posting; sends nothing'
	@echo '  report             all results as one page, build/report/index.html'
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
