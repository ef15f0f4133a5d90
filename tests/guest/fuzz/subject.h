/* SPDX-License-Identifier: GPL-2.0 */
/*
 * subject.h - memory which the tracer shares with a subject
 *
 * It is at the same address in all subjects, so that their loop, which is
 * assembly because all registers are what the test is about, needs no pointer.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "fuzz.h"

#define SHARED_ADDR	0x20000000
#define OFF_BEFORE	0x1000
#define OFF_AFTER	0x4000
#define OFF_FRAME	0x7800
/* Room for a frame each. One ends at memory without access, one at a hole. */
#define OFF_PROT_NONE	0xc000
#define OFF_HOLE	(OFF_PROT_NONE + IMAGE_SIZE + 0x4000)
#define SHARED_SIZE	OFF_HOLE

struct shared {
	/* Used by assembly, whence the order. */
	u32	sigreturn;	/* number of the system call, 0 for none */
	u32	frame;		/* the stack pointer for it */
	u32	pkru_before;
	u32	pkru_after;
	/* Told by the subject. */
	u32	ready;
	u32	landing;
	struct sw_bytes	sw;
};

extern const char subject_loop[], subject_landing[];

#endif
