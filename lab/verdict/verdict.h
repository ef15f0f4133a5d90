/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the reader share
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum result { NONE, PASS, FAIL, SKIP, EITHER };

/* A case in a column. */
struct cell {
	enum result	got;
	enum result	want;
	char		*reason;	/* of a skip, or of a failure */
	bool		not_started;	/* the program could not even be executed */
	bool		unsupported;	/* a failure which is no defect in this kernel */
};

struct test_case {
	const char	*name;		/* "program case" */
	const char	*program;
	const char	*test;		/* the rest of the name */
	bool		has_row;
	struct cell	*cells;		/* by column */
};

/* A report, or with an empty name of a file what is expected of one. */
struct column {
	const char	*label;		/* what the user calls the stage */
	int		stage;		/* its position, -1 if there is none */
	const char	*machine;	/* "" if it does not matter */
	const char	*file;
	char		*release;	/* of the kernel */
	char		*error;		/* why the report is of no use */
	int		cases;
	int		rows;
};

struct count {
	int		cells;
	int		bad;		/* not as expected */
	int		skipped;	/* as expected, or unsupported */
	int		by[EITHER + 1];	/* by result */
};

extern struct test_case *cases;
extern size_t nr_cases;
extern struct column *columns;
extern int nr_columns;
extern const char *const words[];
extern bool color, has_table, not_ours;
extern int screen;			/* the width of the terminal, 0 without one */

/* main.c */
struct test_case *find_case(const char *name);
struct count count_column(int col);
void read_rows(const char *file, void (*read_line)(const char *file, char *line));
bool is_bad(const struct test_case *c, int col);
bool as_expected(const struct cell *cell);

/* ktap.c */
int read_report(int col);
void read_flat(int col, const char *program, const char *file);

/* expect.c */
void read_stages(const char *file);
int find_stage(const char *name);
const char *stage_name(const struct column *col);
void read_table(const char *file);
void print_rows(void);

/* topics.c */
void read_topics(const char *file);
const char *topic_of(const struct test_case *c);
int print_topics(void);
int print_topic(const char *name);
int print_topics_markdown(void);

/* print.c */
void print_colored(enum result got, const char *text, int width);
void print_cell(enum result got, enum result want, bool is_last);
const char *short_name(const struct column *col);
const char *full_name(const struct column *col);
void __attribute__((format(printf, 1, 2))) say(const char *format, ...);
void end_text(int column, int indent);
void print_cases(void);
void print_sentence(int bad);
int print_unexpected(void);
int print_totals(void);
void print_tsv(void);

/* groups.c */
void print_groups(void);
void print_surprises(void);

/* junit.c */
void write_junit(const char *file);

#endif
