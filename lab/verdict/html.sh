# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# html.sh - pieces of the page which lab/verdict/report writes
#
# Whatever comes from a guest or a tool is text: it goes through escape.

escape()
{
	iconv -c -f UTF-8 -t UTF-8 | tr -d '\000-\010\013-\037\177' |
		sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

text()
{
	printf '%s' "$*" | escape
}

# verdict_line good|bad|none <sentence>
verdict_line()
{
	word=OK
	[ "$1" = good ] || word=$([ "$1" = bad ] && echo NOT OK || echo MISSING)
	printf '<p class="verdict %s"><strong>%s</strong> %s</p>\n' "$1" "$word" "$(text "$2")"
}

# anchor <directory>: the name of a guest in the page
anchor()
{
	printf '%s' "${1#"$BUILD/results/"}" | tr -c 'A-Za-z0-9.-' _
}

# file <title> <file> [<anchor>]: a file that unfolds
file()
{
	printf '<details><summary>%s, %s lines</summary><pre%s>\n' "$(text "$1")" \
		"$(wc -l < "$2")" "${3:+ id=\"$3\"}"
	escape < "$2"
	printf '</pre></details>\n'
}

# A guest: what its kernel said, and what its programs said.
guest()
{
	name=$(anchor "$1")
	said=$(sed -n 's/^# lab: cpus \([0-9]*\)/cpus: \1/p; s/^# lab: \(kernel\|cpu\) //p' \
		"$1/report" 2>/dev/null | paste -sd, | sed 's/,/, /g')
	end=
	grep -qs '^# lab: end' "$1/report" || end=' <span class="bad">did not come to its end</span>'
	printf '<details class="guest"><summary>%s%s <span class="none">%s</span></summary>\n' \
		"$(text "${1#"$BUILD/results/"}")" "$end" "$(text "$said")"
	for f in console report emulator; do
		[ ! -s "$1/$f" ] || file "$f" "$1/$f" "$name-$f"
	done
	printf '</details>\n'
}

# behaviour <kind> <output of "verdict -t"> <label,guest>...: failed cases of a
# program by stage, and folded below it a row a case.
behaviour()
{
	kind=$1 table=$2
	shift 2
	labels='' head=
	for one; do
		labels="$labels ${one%%,*}"
		head="$head<th><a href=\"#$(anchor "${one#*,}")-console\">$(text "${one%%,*}")</a></th>"
	done
	escape < "$table" | awk -F '\t' -v head="$head" -v kind="$kind" -v n=$# '
		function cell(word) {
			class = word == "ok" ? "good" : word == "FAIL" ? "bad" : word == "skip" ? "skip" : "none"
			return "<td class=\"n " class "\">" (class == "none" ? "missing" : word) "</td>"
		}
		NR == 1 { next }
		!($1 in seen) { seen[$1]; name[++rows_seen] = $1 }
		{
			program = $1; sub(/ .*/, "", program)
			got[$1, $3 + 1] = $5
			count[program, $3 + 1, $5]++
		}
		END {
			for (r = 1; r <= rows_seen; r++) {
				program = name[r]; sub(/ .*/, "", program)
				if (!(program in rows)) order[++programs] = program
				short = name[r]; sub(/^[^ ]* /, "", short); gsub(/\./, ".<wbr/>", short)
				row = "<tr><td class=\"case\">" short "</td>"
				for (i = 1; i <= n; i++)
					row = row cell(got[name[r], i])
				rows[program] = rows[program] row "</tr>\n"
				cases[program]++
			}
			print "<div class=\"wide\"><table><thead><tr><th>program on " kind "</th><th>cases</th>" head "</tr></thead><tbody>"
			for (p = 1; p <= programs; p++) {
				program = order[p]
				printf "<tr><td class=\"name\">%s</td><td class=\"n\">%d</td>", program, cases[program]
				for (i = 1; i <= n; i++) {
					bad = count[program, i, "FAIL"] + 0; skip = count[program, i, "skip"] + 0
					all = bad + skip + count[program, i, "ok"]
					printf "<td class=\"n %s\">%s%s</td>", bad ? "bad" : (all > skip) ? "good" : all ? "skip" : "none",
						bad ? bad " fail" : (all > skip) ? "ok" : all ? "" : "missing", skip ? ((all > skip) ? "<br/>" : "") "<em>" skip " skip</em>" : ""
				}
				print "</tr>"
			}
			print "</tbody></table></div>"
			for (p = 1; p <= programs; p++) {
				program = order[p]
				printf "<details><summary>%s on %s, case by case</summary><div class=\"wide\"><table><thead><tr><th>case</th>%s</tr></thead><tbody>\n%s</tbody></table></div></details>\n",
					program, kind, head, rows[program]
			}
		}'
}
