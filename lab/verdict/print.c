// SPDX-License-Identifier: GPL-2.0
/*
 * The results as a table for people, and as lines for programs
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

/* The length of a case's name and in @program that of the program in front of it. */
size_t name_length(const struct test_case *c, size_t *program)
{
	*program = strcspn(c->name, " ");
	return strlen(c->name + *program + strspn(c->name + *program, " "));
}

void print_colored(enum result got, const char *text, int width)
{
	const char *on = "";

	if (color)
		on = got == PASS ? "\033[32m" : got == FAIL ? "\033[31m" : "\033[33m";
	printf("  %s%-*s%s", on, width, text, *on ? "\033[0m" : "");
}

/*
 * The rest of a line of which @column columns are printed. On a terminal it is broken at
 * blanks; the lines that follow begin with @indent of them.
 */
void print_text(int column, int indent, const char *text)
{
	for (;;) {
		int len = strcspn(text, " ");

		printf("%.*s", len, text);
		column += len;
		text += len;
		if (!*text)
			break;
		text++;
		if (screen && column + 1 + (int)strcspn(text, " ") > screen)
			column = printf("\n%*s", indent, "") - 1;
		else
			column += printf(" ");
	}
	putchar('\n');
}

void print_cell(enum result got, enum result want, bool is_last)
{
	print_colored(got, words[got], is_last ? 0 : 4);
	fputs(want != NONE && want != EITHER && got != want ? "!" : is_last ? "" : " ", stdout);
}

static void print_stages(int width, int length, const char *program)
{
	int col;

	printf("%-*.*s", width, length, program);
	for (col = 0; col < nr_columns; col++) {
		bool is_last = col == nr_columns - 1;

		if (columns[col].stage)
			printf("  %-*s", is_last ? 0 : 5, columns[col].label);
		else
			printf("  %s", is_last ? "base" : "base ");
	}
	putchar('\n');
}

static void print_row(const struct test_case *c, int width)
{
	const struct cell *last = &c->cells[nr_columns - 1];
	int col;
	size_t plen, len = name_length(c, &plen);

	printf("  %-*s", width - 2, c->name + c->len - len);
	for (col = 0; col < nr_columns; col++)
		print_cell(c->cells[col].got, c->cells[col].want, col == nr_columns - 1);
	if (last->got == SKIP && *last->reason)
		printf(" %s", last->reason);
	putchar('\n');
}

/* The cases from @first on which are of one program. Returns where the next begins. */
static size_t print_program(size_t first, int width)
{
	size_t end, plen;

	name_length(&cases[first], &plen);
	print_stages(width, plen, cases[first].name);
	for (end = first; end < nr_cases &&
	     !strncmp(cases[first].name, cases[end].name, plen + 1); end++)
		print_row(&cases[end], width);
	return end;
}

/* A block for each program, a row for each case. */
static void print_cases(void)
{
	size_t i, len, plen, width = 16;

	for (i = 0; i < nr_cases; i++) {
		len = 2 + name_length(&cases[i], &plen);
		if (len > width)
			width = len;
	}
	for (i = 0; i < nr_cases; )
		i = print_program(i, width);
}

/* "12 (regset-buffer/2)", or what else is known of it. */
const char *full_name(const struct column *col)
{
	static char text[200];

	if (col->stage < 0 || !strcmp(stage_name(col), col->label))
		return col->label;
	snprintf(text, sizeof(text), "%d (%s)", col->stage, stage_name(col));
	return text;
}

void print_table(bool everything)
{
	if (everything) {
		print_cases();
	} else {
		print_groups();
		print_surprises();
	}
}

/* How many cases go from @from in the first column to @to in the last one. */
static int count(enum result from, enum result to)
{
	size_t i;
	int n = 0;

	for (i = 0; i < nr_cases; i++)
		n += cases[i].cells[0].got == from && cases[i].cells[nr_columns - 1].got == to;
	return n;
}

/* ", 3 <what>", if there are any. */
static void print_some(FILE *to, int n, const char *what)
{
	if (n)
		fprintf(to, ", %d %s", n, what);
}

void print_sentence(int bad)
{
	const char *last = columns[nr_columns - 1].label;
	size_t len;
	char *text;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		err(2, NULL);
	if (nr_columns > 1) {
		fprintf(to, "%d cases fail on base and pass on stage %s", count(FAIL, PASS), last);
		print_some(to, count(PASS, PASS), "pass on both");
		print_some(to, count(FAIL, FAIL), "fail on both");
		print_some(to, count(PASS, FAIL), "got worse");
	} else {
		fprintf(to, "%d cases pass on stage %s", count(PASS, PASS), last);
		print_some(to, count(FAIL, FAIL), "fail");
	}
	print_some(to, count(SKIP, SKIP), "skipped");
	fprintf(to, "%s.", bad ? ": NOT as expected" : ": as expected");
	if (fclose(to))
		err(2, NULL);
	printf("\n%s", color ? "\033[1m" : "");
	print_text(0, 2, text);
	fputs(color ? "\033[0m" : "", stdout);
	free(text);
}

static void print_bad(const struct test_case *c, int col)
{
	const struct column *column = &columns[col];

	printf("not ok - %s: stage %s on %s: expected %s, got %s\n", c->name, full_name(column),
	       column->machine, words[c->cells[col].want], words[c->cells[col].got]);
}

/* The cells which are not as expected, or the reports, and a line which counts. */
int print_unexpected(void)
{
	int col, total = 0, bad = 0;
	size_t i;

	for (col = 0; col < nr_columns; col++) {
		struct count n = count_column(col);

		total += n.cells;
		bad += n.bad;
		if (columns[col].error)
			printf("not ok - stage %s on %s: %s\n", full_name(&columns[col]),
			       columns[col].machine, columns[col].error);
		for (i = 0; i < nr_cases && !columns[col].error; i++)
			if (is_bad(&cases[i], col))
				print_bad(&cases[i], col);
	}
	printf("%d reports: %d of %d cells as expected, %d not\n", nr_columns, total - bad,
	       total, bad);
	return bad;
}

/* What the tests of the project came to: those which did not pass, and how many. */
int print_totals(void)
{
	struct count n = count_column(0);
	size_t i;

	for (i = 0; i < nr_cases; i++) {
		const struct cell *cell = &cases[i].cells[0];

		if (cell->got == PASS)
			continue;
		printf("%s - %s", cell->got == SKIP ? "skipped" : "not ok", cases[i].name);
		if (*cell->reason)
			printf(": %s", cell->reason);
		putchar('\n');
	}
	if (n.by[SKIP])
		printf("%d skipped\n", n.by[SKIP]);
	printf("%d passed, %d failed\n", n.by[PASS], n.by[FAIL]);
	return n.by[FAIL] + !n.by[PASS];
}

/* For programs: a line a cell, for each column whose case did, or should, report. */
void print_tsv(void)
{
	size_t i;
	int col;

	printf("case\tmachine\tstage\texpected\tgot\ttopic\treason\n");
	for (i = 0; i < nr_cases; i++) {
		for (col = 0; col < nr_columns; col++) {
			const struct cell *cell = &cases[i].cells[col];

			if (cell->want == NONE && cell->got == NONE)
				continue;
			printf("%s\t%s\t%s\t%s\t%s\t%s\t", cases[i].name, columns[col].machine,
			       stage_name(&columns[col]), words[cell->want], words[cell->got],
			       topic_of(&cases[i]));
			for (const char *p = cell->reason; p && *p; p++)
				putchar(*p == '\t' ? ' ' : *p);
			putchar('\n');
		}
	}
}
