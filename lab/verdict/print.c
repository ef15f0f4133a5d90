// SPDX-License-Identifier: GPL-2.0
/*
 * The results as a table for people, and as lines for programs
 */
#include <err.h>
#include <stdarg.h>
#include <string.h>

#include "verdict.h"

void print_colored(enum result got, const char *text, int width)
{
	const char *on = "";

	if (color)
		on = got == PASS ? "\033[32m" : got == FAIL ? "\033[31m" : "\033[33m";
	printf("  %s%-*s%s", on, width, text, *on ? "\033[0m" : "");
}

static char said[4096];

/* What end_text() prints consists of. */
void say(const char *format, ...)
{
	size_t len = strlen(said), size = sizeof(said) - len;
	va_list args;

	va_start(args, format);
	if (vsnprintf(said + len, size, format, args) >= (int)size)
		errx(2, "this is too long: %s", said);
	va_end(args);
}

/*
 * The rest of a line of which @column columns are printed. On a terminal it is broken at
 * blanks; the lines that follow begin with @indent of them.
 */
void end_text(int column, int indent)
{
	char *text = said;

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
	*said = '\0';
}

void print_cell(enum result got, enum result want, bool is_last)
{
	print_colored(got, words[got], is_last ? 0 : 4);
	fputs(want != NONE && want != EITHER && got != want ? "!" : is_last ? "" : " ", stdout);
}

const char *short_name(const struct column *col)
{
	return col->stage ? col->label : "base";
}

static void print_stages(int width, const char *program)
{
	int col;

	printf("%-*s", width, program);
	for (col = 0; col < nr_columns; col++)
		printf("  %-*s", col == nr_columns - 1 ? 0 : 5, short_name(&columns[col]));
	putchar('\n');
}

static void print_row(const struct test_case *c, int width)
{
	const struct cell *last = &c->cells[nr_columns - 1];
	int col;

	printf("  %-*s", width - 2, c->test);
	for (col = 0; col < nr_columns; col++)
		print_cell(c->cells[col].got, c->cells[col].want, col == nr_columns - 1);
	if (last->got == SKIP && *last->reason)
		printf(" %s", last->reason);
	putchar('\n');
}

/* A block for each program, a row for each case. */
void print_cases(void)
{
	int len, width = 16;
	size_t i;

	for (i = 0; i < nr_cases; i++) {
		len = 2 + strlen(cases[i].test);
		width = len > width ? len : width;
	}
	for (i = 0; i < nr_cases; i++) {
		if (!i || strcmp(cases[i].program, cases[i - 1].program))
			print_stages(width, cases[i].program);
		print_row(&cases[i], width);
	}
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
static void say_some(int n, const char *what)
{
	if (n)
		say(", %d %s", n, what);
}

void print_sentence(int bad)
{
	const char *last = columns[nr_columns - 1].label;

	if (nr_columns > 1) {
		say("%d cases fail on base and pass on stage %s", count(FAIL, PASS), last);
		say_some(count(PASS, PASS), "pass on both");
		say_some(count(FAIL, FAIL), "fail on both");
		say_some(count(PASS, FAIL), "got worse");
	} else {
		say("%d cases pass on stage %s", count(PASS, PASS), last);
		say_some(count(FAIL, FAIL), "fail");
	}
	say_some(count(SKIP, SKIP), "skipped");
	say(bad ? ": NOT as expected." : ": as expected.");
	printf("\n%s", color ? "\033[1m" : "");
	end_text(0, 2);
	fputs(color ? "\033[0m" : "", stdout);
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
