// SPDX-License-Identifier: GPL-2.0
/*
 * The results in short: a line for each group of cases, and what is not as expected
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

/* A row that nobody has to look at: it passes on all stages, as it should. */
static bool is_dull(const struct test_case *c)
{
	int col;

	for (col = 0; col < nr_columns; col++)
		if (c->cells[col].got != PASS || c->cells[col].want == FAIL ||
		    c->cells[col].want == SKIP)
			return false;
	return true;
}

/* What becomes one line: the word sizes together, and all dull cases with one word for a name. */
static struct group {
	char	*family;
	char	*name;		/* the first word of a case's */
	bool	is_other;
} *groups;

/* A copy without the word size. */
static char *without_width(const char *name, size_t len)
{
	if (len > 3 && (!strncmp(name + len - 3, "_64", 3) || !strncmp(name + len - 3, "_32", 3)))
		len -= 3;
	return strndup(name, len);
}

static void find_groups(void)
{
	size_t i;

	groups = calloc(nr_cases + 1, sizeof(*groups));
	if (!groups)
		err(2, NULL);
	for (i = 0; i < nr_cases; i++) {
		const char *test = cases[i].test, *dot = strchr(test, '.');
		struct group *g = &groups[i];

		g->is_other = !dot && is_dull(&cases[i]);
		g->family = without_width(cases[i].program, strlen(cases[i].program));
		g->name = g->is_other ? "other cases" :
			  dot ? strndup(test, dot - test) : without_width(test, strlen(test));
	}
}

static bool same_family(size_t i, size_t k)
{
	return !strcmp(groups[i].family, groups[k].family);
}

static bool same_group(size_t i, size_t k)
{
	return same_family(i, k) && !strcmp(groups[i].name, groups[k].name);
}

/* How many cases of the group of case @k have that result in that column. */
static int count_group(size_t k, int col, enum result result)
{
	size_t i;
	int n = 0;

	for (i = 0; i < nr_cases; i++)
		n += same_group(i, k) && cases[i].cells[col].got == result;
	return n;
}

static void print_group_cell(size_t k, int col)
{
	int failed = count_group(k, col, FAIL), passed = count_group(k, col, PASS);
	int skipped = count_group(k, col, SKIP);
	bool is_last = col == nr_columns - 1;
	char text[32];

	if (failed)
		snprintf(text, sizeof(text), "%d FAIL", failed);
	else
		snprintf(text, sizeof(text), "%s", passed ? "ok" : skipped ? "skip" : "-");
	print_colored(failed ? FAIL : passed ? PASS : SKIP, text, is_last ? 0 : 8);
	if (is_last && skipped && (failed || passed))
		printf(", %d skipped", skipped);
}

static void print_group(size_t k, int width)
{
	int col, n = 0, result;

	for (result = NONE; result <= EITHER; result++)
		n += count_group(k, 0, result);
	printf("  %-*s  %5d", width - 2, groups[k].name, n);
	for (col = 0; col < nr_columns; col++)
		print_group_cell(k, col);
	putchar('\n');
}

static bool is_first(size_t i, bool (*same)(size_t i, size_t k))
{
	size_t k;

	for (k = 0; k < i; k++)
		if (same(k, i))
			return false;
	return true;
}

/* "program_64 and _32" */
static void print_family(size_t first, int width)
{
	const char *program = cases[first].program;
	size_t i, len = strlen(program);
	char text[200];
	int col;

	snprintf(text, sizeof(text), "%s", program);
	for (i = first; i < nr_cases; i++) {
		if (!same_family(first, i) || !strcmp(program, cases[i].program))
			continue;
		snprintf(text + len, sizeof(text) - len, " and %s",
			 cases[i].program + strlen(groups[i].family));
		break;
	}
	printf("%-*s", first ? 0 : width, text);
	if (!first) {
		printf("  cases");
		for (col = 0; col < nr_columns - 1; col++)
			printf("  %-8s", short_name(&columns[col]));
		printf("  %s", full_name(&columns[col]));
	}
	putchar('\n');
}

static void print_groups_of(size_t family, int width, bool others)
{
	size_t i;

	for (i = family; i < nr_cases; i++)
		if (same_family(family, i) && groups[i].is_other == others &&
		    is_first(i, same_group))
			print_group(i, width);
}

/* A line for each group of cases. */
void print_groups(void)
{
	int len, width = 24;
	size_t i;

	find_groups();
	for (i = 0; i < nr_cases; i++) {
		len = 2 + strlen(groups[i].name);
		width = len > width ? len : width;
	}
	for (i = 0; i < nr_cases; i++) {
		if (!is_first(i, same_family))
			continue;
		print_family(i, width);
		print_groups_of(i, width, false);
		print_groups_of(i, width, true);
	}
}

/* The first cases which are not as they should be, and why. */
void print_surprises(void)
{
	const int most = 5;
	size_t i;
	int n = 0, col;

	for (i = 0; i < nr_cases; i++) {
		const struct test_case *c = &cases[i];
		const char *why;

		for (col = 0; col < nr_columns && !is_bad(c, col); col++)
			;
		if (col == nr_columns || n++ >= most)
			continue;
		if (n == 1)
			printf("\nNot as expected:\n");
		why = c->cells[col].reason ? c->cells[col].reason : "";
		printf("  %s\n  ", c->name);
		for (col = 0; col < nr_columns; col++) {
			printf("  %s", short_name(&columns[col]));
			print_cell(c->cells[col].got, c->cells[col].want, true);
		}
		putchar('\n');
		if (*why) {
			printf("    ");
			say("%s", why);
			end_text(4, 4);
		}
	}
	if (n > most)
		printf("  and %d more cases: V=1 shows them\n", n - most);
}
