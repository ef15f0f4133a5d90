/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RDPKRU and WRPKRU, SDM volume 2. Both ask for CR4.PKE; a CPU or a kernel without
 * protection keys answers with #UD. By their bytes, as the compiler's own
 * intrinsics would have all of a program built for CPUs with PKU.
 */
#ifndef PKRU_H
#define PKRU_H

static inline unsigned int rdpkru(void)
{
	unsigned int eax, edx;

	asm volatile(".byte 0x0f,0x01,0xee" : "=a" (eax), "=d" (edx) : "c" (0));
	return eax;
}

static inline void wrpkru(unsigned int pkru)
{
	asm volatile(".byte 0x0f,0x01,0xef" : : "a" (pkru), "c" (0), "d" (0) : "memory");
}

#endif
