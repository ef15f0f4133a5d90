// SPDX-License-Identifier: GPL-2.0
/*
 * vcpu - a guest for a VMM which is tested, all of it in 64 KiB of firmware
 *
 * Takes a line from the first serial port. A line of eight hexadecimal digits
 * is a new PKRU, an empty line changes nothing. The answer is what RDPKRU says
 * then. Nothing else is done, so PKRU is what the VMM leaves it to be, and only
 * the register keeps it: no memory of this program has a copy.
 *
 * Linked to be a flat image which ends at 4 GiB, see lab/guest/initramfs. It runs
 * in protected mode without paging. RDPKRU asks for nothing but CR4.PKE.
 */
#include "../../pkru.h"

#define COM1		0x3f8
#define LSR_RX_READY	0x01
#define LSR_TX_EMPTY	0x20

static inline unsigned char in8(unsigned short port)
{
	unsigned char value;

	asm volatile("inb %1, %0" : "=a" (value) : "d" (port));
	return value;
}

static inline void out8(unsigned short port, unsigned char value)
{
	asm volatile("outb %0, %1" : : "a" (value), "d" (port));
}

static void put(char c)
{
	while (!(in8(COM1 + 5) & LSR_TX_EMPTY))
		;
	out8(COM1, c);
}

/* The pause between two looks at the port is for the VMM, which emulates it. */
static char get(void)
{
	int i;

	while (!(in8(COM1 + 5) & LSR_RX_READY))
		for (i = 0; i < 3000; i++)
			asm volatile("");
	return in8(COM1);
}

static int digit(char c)
{
	return c > '9' ? c - 'a' + 10 : c - '0';
}

void answer_lines(void);

void answer_lines(void)
{
	unsigned int pkru, nibble;
	int shift, len;
	char c;

	for (;;) {
		for (pkru = 0, len = 0; (c = get()) != '\n'; len++)
			pkru = pkru << 4 | digit(c);
		if (len)
			wrpkru(pkru);
		pkru = rdpkru();
		for (shift = 28; shift >= 0; shift -= 4) {
			nibble = pkru >> shift & 15;
			put(nibble + (nibble > 9 ? 'a' - 10 : '0'));
		}
		put('\n');
	}
}
