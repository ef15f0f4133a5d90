// SPDX-License-Identifier: GPL-2.0
/*
 * Write the results as JUnit XML: a suite is a report
 *
 * A failure is a cell which is not as expected, so what fails on the base because it
 * should is none. Without a table each FAIL is one.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

/* The length of the UTF-8 sequence there, 0 if there is none that XML takes. */
static int sequence(const unsigned char *s)
{
	int i, len = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;

	if (len == 1)
		return *s >= ' ' && *s != 0x7f;
	/* Overlong, surrogates, beyond the end of Unicode. */
	if (*s == 0xc0 || *s == 0xc1 || *s > 0xf4 || (*s == 0xe0 && s[1] < 0xa0) ||
	    (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) ||
	    (*s == 0xf4 && s[1] > 0x8f) || (*s == 0xef && s[1] == 0xbf && s[2] >= 0xbe))
		return 0;
	for (i = 1; i < len; i++)
		if (s[i] >> 6 != 2)
			return 0;
	return len;
}

/* Valid whatever a guest wrote. */
static void put_attribute(FILE *f, const char *name, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fprintf(f, " %s=\"", name);
	while (*s) {
		int len = sequence(s);

		if (*s == '&')
			fputs("&amp;", f);
		else if (*s == '<')
			fputs("&lt;", f);
		else if (*s == '>')
			fputs("&gt;", f);
		else if (*s == '"')
			fputs("&quot;", f);
		else if (len)
			fwrite(s, len, 1, f);
		else
			putc('?', f);
		s += len ? len : 1;
	}
	putc('"', f);
}

static void put_case(FILE *f, const struct test_case *c, int col)
{
	const struct cell *cell = &c->cells[col];
	const char *topic = topic_of(c), *reason = cell->reason ? cell->reason : "";
	char why[600];

	snprintf(why, sizeof(why), "%s%sexpected %s, got %s%s%s", topic, *topic ? ": " : "",
		 words[has_table ? cell->want : PASS], words[cell->got], *reason ? ": " : "",
		 reason);
	fprintf(f, "\t\t<testcase");
	put_attribute(f, "classname", c->program);
	put_attribute(f, "name", c->test);
	if (!is_bad(c, col) && cell->got != SKIP && !cell->unsupported) {
		fprintf(f, "/>\n");
		return;
	}
	fprintf(f, is_bad(c, col) ? "><failure" : "><skipped");
	put_attribute(f, "message", cell->got == SKIP ? reason : why);
	fprintf(f, "/></testcase>\n");
}

static void put_suite(FILE *f, int col)
{
	const struct column *column = &columns[col];
	struct count n = count_column(col);
	char name[300];
	size_t i;

	snprintf(name, sizeof(name), "%s%s%s", column->machine, *column->machine ? " " : "",
		 stage_name(column));
	fprintf(f, "\t<testsuite");
	put_attribute(f, "name", name);
	if (column->error) {
		fprintf(f, " tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
			"\t\t<testcase classname=\"report\" name=\"is complete\"><error");
		put_attribute(f, "message", column->error);
		fprintf(f, "/></testcase>\n\t</testsuite>\n");
		return;
	}
	fprintf(f, " tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"%d\">\n", n.cells, n.bad,
		n.skipped);
	for (i = 0; i < nr_cases; i++)
		if (cases[i].cells[col].got != NONE || cases[i].cells[col].want != NONE)
			put_case(f, &cases[i], col);
	fprintf(f, "\t</testsuite>\n");
}

void write_junit(const char *file)
{
	FILE *f = fopen(file, "w");
	int col;

	if (!f)
		err(2, "%s", file);
	fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	for (col = 0; col < nr_columns; col++)
		put_suite(f, col);
	fprintf(f, "</testsuites>\n");
	if (ferror(f) | fclose(f))
		err(2, "%s", file);
}
