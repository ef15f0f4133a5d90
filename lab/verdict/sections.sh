# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# sections.sh - what the page of lab/verdict/report says about a tree
#
# Sourced by lab/verdict/report after lab/verdict/html.sh. Each section shows what is in
# <build>/results of that tree, and names the target of what is not.

# usable <label> <report>: a report that verdict can read, else say why not
usable()
{
	[ -d "${2%/*}" ] || return
	"$verdict" -t "0=$2" > /dev/null 2> "$work/why" && return
	verdict_line bad "$1: $(sed "s,$BUILD/,,; s/^error: //" "$work/why" | head -n 1)"
	return 1
}

# table <kind> <label,directory>...: the reports which are usable, as one table
table()
{
	kind=$1 reports='' labels=''
	shift
	n=0
	for one; do
		if usable "Stage ${one%%,*} on $kind" "${one#*,}/report"; then
			reports="$reports $n=${one#*,}/report"
			labels="$labels $one"
			n=$((n + 1))
		fi
	done
	[ $n -gt 0 ] || return 0
	# shellcheck disable=SC2086
	"$verdict" -t $reports > "$work/table"
	# shellcheck disable=SC2086
	behaviour "$kind" "$work/table" $labels
}

# The guests of a matrix on a CPU, by stage.
stages_of()
{
	find "$1/matrix" -maxdepth 1 -type d -name "$2-*" | sort -V |
		while read -r one; do echo "${one##*-},$one"; done
}

# machine_of <directory of a guest>: what "make witness" leaves may be of none
machine_of()
{
	sed -n 's/^# lab: machine //p' "$1/report" 2> /dev/null | grep -m 1 . || echo host
}

missing()
{
	verdict_line none "Not run: $1"
}

# good_if <pattern> <file>
good_if() { if grep -q "$1" "$2"; then echo good; else echo bad; fi; }

# What lab/run/compare and lab/run/matrix said, which they leave next to their results.
before_and_after()
{
	if [ ! -d "$d/compare" ]; then
		missing "make$make"
		return
	fi
	for one in "$d/compare"/*/verdict; do
		[ -f "$one" ] || continue
		verdict_line "$(good_if ': as expected\.$' "$one")" "Before and after, on $(basename "${one%/*}"): $(awk '/^$/ { s = ""; next } { s = s " " $0 } END { print s }' "$one")"
	done
}

matrix()
{
	if [ -f "$d/matrix/verdict" ]; then
		verdict_line "$(good_if ' cells as expected, 0 not$' "$d/matrix/verdict")" "Matrix: $(tail -n 1 "$d/matrix/verdict")"
	elif [ -d "$d/matrix" ]; then
		verdict_line bad "Matrix: did not come to its end, \"make matrix$make\" runs it again"
	elif [ -f "$expected" ]; then
		missing "make matrix$make"
	fi
}

# verdicts <tree>: what was found out, in a sentence each
verdicts()
{
	expected=trees/$1/expected/cases
	case $1 in
	"$default_tree") make='' ;;
	user-*) make=' LINUX=<path>' ;;
	*) make=" TREE=$1" ;;
	esac
	before_and_after
	matrix
	for target in clients bench fuzz; do
		case $target in
		clients) [ -f "trees/$1"/expected/clients ] ;;
		*) grep -q "^$target:" Makefile && [ -f "trees/$1/tree.conf" ] ;;
		esac || continue
		[ "$(find "$d" -maxdepth 1 -name "$target*")" ] ||
			missing "make $target$make"
	done
}

# behaviours <tree>
behaviours()
{
	if [ -d "$d/matrix" ]; then
		for m in $(find "$d/matrix" -name '*-0' -printf '%f\n' | sort -r); do
			# shellcheck disable=SC2046
			table "${m%-0}" $(stages_of "$d" "${m%-0}")
		done
	else
		for m in "$d/compare"/*; do
			table "$(machine_of "$m/last")" "base,$m/base" "last,$m/last"
		done
	fi
	# <results>/clients-<kind>-<stage>
	for kind in $(find "$d" -maxdepth 1 -type d -name 'clients-*-*' -printf '%f\n' |
			sed 's/^clients-\(.*\)-[^-]*$/\1/' | sort -u); do
		# shellcheck disable=SC2046
		table "clients, $kind" $(find "$d" -maxdepth 1 -type d -name "clients-$kind-*" | sort -V |
			while read -r c; do echo "${c##*-},$c"; done)
	done
}

# The stages of a tree by the subjects of their patches.
stage_list()
{
	# shellcheck disable=SC2086 # words
	(TREE=$1; . "trees/$TREE/tree.conf"
	for p in $(patches $tree_series); do
		awk '/^Subject: / { s = substr($0, 10); on = 1; next }
			on && /^ / { s = s $0; next } on { sub(/^\[[^]]*\] /, "", s); print s; exit }' "$p" |
			sed "s,^,$(echo "$p" | sed 's,.*/\([^/]*\)/0*\([0-9]*\)-.*,\1/\2,'): ,"
	done) | escape | awk 'BEGIN { print "<details><summary>The stages</summary><ol start=\"0\"><li>base</li>" }
		{ print "<li>" $0 "</li>" } END { print "</ol></details>" }'
}

# checks <tree>: the tests of the project, what each is about and what it said
checks()
{
	echo '<p>make check-all runs all of these, make check its first group, lab/run/check commands/linux one.</p>'
	echo '<div class="wide"><table><thead><tr><th>test</th><th>result</th><th>what it is about</th></tr></thead><tbody>'
	for t in $(test_files); do
		ktaps=$(find "$all/$1/check" -name "$(echo "${t#tests/}" | tr / -).ktap" 2> /dev/null || :)
		about=$(awk '/^# (Usage|Environment|Group|Needs):/ { skip = 1 } /^#$/ { skip = 0 }
			NR > 2 && /^# ./ { if (!skip) s = s substr($0, 2); next } NR > 3 && !/^#/ { print s; exit }' "$t")
		class=none said="not run"
		if [ "$ktaps" ]; then
			for ktap in $ktaps; do
				"$verdict" -f -t "${t#tests/}=$ktap" | sed 1d
			done > "$work/cells"
			said=$(awk -F '\t' '{ n[$5]++ } END { printf "%d passed, %d failed%s", n["ok"],
				n["FAIL"], n["skip"] ? ", " n["skip"] " skipped" : "" }' "$work/cells")
			class=good
			! cut -f5 "$work/cells" | grep -q FAIL || class=bad
		fi
		echo "<tr><td class=\"name\">$(echo "${t#tests/}" | sed "s,/,/<wbr/>,")</td><td class=\"result $class\">$(text "$said")</td><td class=\"text\">$(text "$about")</td></tr>"
	done
	echo '</tbody></table></div>'
	for ktap in "$all/$1"/check/*/*.ktap; do
		[ -f "$ktap" ] || continue
		"$verdict" -f -t "$(basename "$ktap" .ktap)=$ktap" |
			awk -F '\t' '$5 == "FAIL" { print $1; print "  " $7 }' > "$work/failed"
		[ ! -s "$work/failed" ] || file "failed in $(basename "$ktap" .ktap)" "$work/failed"
	done
}

# skipped <tree>: each reason once
skipped()
{
	find "$all/$1" -name report -o -name '*.ktap' | while read -r f; do
		case $f in
		*.ktap) "$verdict" -f -t "test=$f" || : ;;
		*) "$verdict" -t "0=$f" 2> /dev/null || : ;;
		esac
	done | awk -F '\t' '$5 == "skip" { print $7 != "" ? $7 : "no reason given" }' |
		sort | uniq -c | sort -rn > "$work/skipped"
	if [ -s "$work/skipped" ]; then
		echo '<div class="wide"><table><thead><tr><th>skipped results</th><th>why</th></tr></thead><tbody>'
		escape < "$work/skipped" | awk '{ n = $1; $1 = ""; print "<tr><td class=\"n\">" n "</td><td>" $0 "</td></tr>" }'
		echo '</tbody></table></div>'
	else
		echo '<p>Nothing in these results was skipped.</p>'
	fi
}

costs()
{
	if [ -f "$all/$1/bench/cost" ]; then
		file "instructions a call, by stage" "$all/$1/bench/cost"
	fi
}

versions()
{
	{
		sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release
		$CC --version | head -n 1
		ld --version | head -n 1
		git --version
		qemu-system-x86_64 --version 2>/dev/null | head -n 1
		find "$all" -name bochs.log -exec grep -hom 1 'Bochs x86 Emulator.*' {} + | sort -u
		cat "$BUILD"/*/source.key 2>/dev/null | cut -d' ' -f1,2 | grep '^linux' | sort -u
		echo "this project at $(git describe --always --dirty 2>/dev/null || echo 'no revision')"
	} | escape | sed 's,.*,<li>&</li>,; 1s,^,<ul>,; $s,$,</ul>,'
}

# guests <directory>
guests()
{
	echo '<div class="guests"><h3>Every guest and its console</h3>'
	find "$1" \( -name console -o -name report \) -printf '%h\n' | sort -uV |
		while read -r one; do
			guest "$one"
		done
	echo '</div>'
}

# junit <directory>: copies of what is there for programs, next to the page
junit()
{
	links=
	for xml in $(find "$1" -name junit.xml -o -name 'clients-*.xml' | sort); do
		mkdir -p "$BUILD/report/junit"
		cp "$xml" "$BUILD/report/junit/$(anchor "$xml")"
		links="$links <a href=\"junit/$(anchor "$xml")\">$(text "${xml#"$1/"}")</a>"
	done
	[ -z "$links" ] || echo "<p>For programs, as JUnit XML:$links</p>"
}

tree_section()
{
	d=$all/$1
	echo "<h2 id=\"$(text "$1")\">$(text "$1")</h2>"
	verdicts "$1"
	[ ! -f "trees/$1/tree.conf" ] || stage_list "$1"
	junit "$d"
	echo '<h3>Behaviour by stage</h3>'
	echo '<p>Failures of the base are what the series are about. On the last stage nothing may fail. A failure is in bold and framed, <em>a skipped case in italics</em>, and a missing one hatched.</p>'
	behaviours "$1"
	costs "$1"
	echo '<h3>What was tried</h3>'
	checks "$1"
	echo '<h3>What was skipped</h3>'
	skipped "$1"
	guests "$d"
}

# Results which belong to no tree of ours, a guest a kernel.
other_section()
{
	echo "<h2 id=\"$(text "$1")\">$(text "$1")</h2>"
	find "$all/$1" -mindepth 2 -maxdepth 2 -name report -printf '%h\n' | sort -V |
		while read -r one; do
			table "$(machine_of "$one"), ${one##*/}" "result,$one"
		done
	guests "$all/$1"
}

