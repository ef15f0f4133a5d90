// SPDX-License-Identifier: GPL-2.0
/*
 * The results in short: a line for each group of cases, and what is not as expected
 */
#include <stdio.h>
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

/* The length of a name without its word size. */
static size_t without_width(const char *name, size_t len)
{
	if (len > 3 && (!strncmp(name + len - 3, "_64", 3) || !strncmp(name + len - 3, "_32", 3)))
		len -= 3;
	return len;
}

static size_t family_length(const char *name)
{
	return without_width(name, strcspn(name, " "));
}

static bool same_family(const struct test_case *a, const struct test_case *b)
{
	size_t len = family_length(a->name);

	return len == family_length(b->name) && !strncmp(a->name, b->name, len);
}

/* Is it a case with a single word for a name, which nobody has to look at? */
static bool is_other(const struct test_case *c)
{
	size_t plen, len = name_length(c, &plen);

	return is_dull(c) && !memchr(c->name + c->len - len, '.', len);
}

/* The first word of a case's name, or all of it but its word size. */
static int group_length(const struct test_case *c, const char **group)
{
	size_t plen, len = name_length(c, &plen);

	*group = c->name + c->len - len;
	if (strchr(*group, '.'))
		return strcspn(*group, ".");
	return without_width(*group, len);
}

/* What becomes one line: the word sizes together, and what is_other(). */
static bool same_group(const struct test_case *a, const struct test_case *b)
{
	const char *ga, *gb;
	int la = group_length(a, &ga), lb = group_length(b, &gb);

	if (!same_family(a, b) || is_other(a) != is_other(b))
		return false;
	return is_other(a) || (la == lb && !strncmp(ga, gb, la));
}

/* How many cases of the group of @c have that result in that column. */
static int count_group(const struct test_case *c, int col, enum result result)
{
	size_t i;
	int n = 0;

	for (i = 0; i < nr_cases; i++)
		n += same_group(c, &cases[i]) && cases[i].cells[col].got == result;
	return n;
}

static void print_group_cell(const struct test_case *c, int col)
{
	int failed = count_group(c, col, FAIL), passed = count_group(c, col, PASS);
	int skipped = count_group(c, col, SKIP);
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

static void print_group(const struct test_case *c, int width)
{
	const char *group;
	int col, n = 0, result, len = group_length(c, &group);

	for (result = NONE; result <= EITHER; result++)
		n += count_group(c, 0, result);
	if (is_other(c))
		printf("  %-*s", width - 2, "other cases");
	else
		printf("  %-*.*s", width - 2, len, group);
	printf("  %5d", n);
	for (col = 0; col < nr_columns; col++)
		print_group_cell(c, col);
	putchar('\n');
}

static bool is_first(size_t i, bool (*same)(const struct test_case *, const struct test_case *))
{
	size_t k;

	for (k = 0; k < i; k++)
		if (same(&cases[k], &cases[i]))
			return false;
	return true;
}

/* "program_64 and _32" */
static void print_family(size_t first, int width)
{
	size_t i, len = strcspn(cases[first].name, " ");
	char text[200];

	snprintf(text, sizeof(text), "%.*s", (int)len, cases[first].name);
	for (i = first; i < nr_cases; i++) {
		if (!same_family(&cases[first], &cases[i]) ||
		    !strncmp(cases[first].name, cases[i].name, len + 1))
			continue;
		snprintf(text + len, sizeof(text) - len, " and %.3s",
			 cases[i].name + family_length(cases[i].name));
		break;
	}
	printf("%-*s", first ? 0 : width, text);
	if (!first) {
		printf("  cases");
		for (i = 0; i < (size_t)nr_columns; i++)
			printf("  %-*s", i == (size_t)nr_columns - 1 ? 0 : 8,
			       i == (size_t)nr_columns - 1 ? full_name(&columns[i]) :
			       columns[i].stage ? columns[i].label : "base");
	}
	putchar('\n');
}

static void print_groups_of(size_t family, int width, bool others)
{
	size_t i;

	for (i = family; i < nr_cases; i++)
		if (same_family(&cases[family], &cases[i]) && is_other(&cases[i]) == others &&
		    is_first(i, same_group))
			print_group(&cases[i], width);
}

/* A line for each group of cases. */
void print_groups(void)
{
	size_t i;
	int width = 24;

	for (i = 0; i < nr_cases; i++) {
		const char *group;
		int len = 2 + group_length(&cases[i], &group);

		if (is_other(&cases[i]))
			continue;
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
			printf("  %s", columns[col].stage ? columns[col].label : "base");
			print_cell(c->cells[col].got, c->cells[col].want, true);
		}
		putchar('\n');
		if (*why) {
			printf("    ");
			print_text(4, 4, why);
		}
	}
	if (n > most)
		printf("  and %d more cases: V=1 shows them\n", n - most);
}
