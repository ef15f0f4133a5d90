// SPDX-License-Identifier: GPL-2.0
/*
 * execute - become a test, or fail
 *
 * Usage: execute <program>
 *
 * A kernel without IA32 emulation refuses 32-bit programs; confidential guests turn it off since
 * v6.7. A shell would take such a program for a script, and run that. So does timeout(1), hence
 * the limit here, for tests that set none for themselves. Run by witness/run.
 */
#include <err.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	alarm(600);
	if (argc == 2)
		execv(argv[1], argv + 1);
	err(126, "%s", argv[argc - 1]);
}
