# SPDX-License-Identifier: GPL-2.0
# The behaviour table: how many cases of each kind fail on each stage.
# data: tests/expected/v6.1-rc Documentation/figures/stages.awk
set terminal svg size 860,520 font "Helvetica,Arial,sans-serif,13" background "white" noenhanced
set output output
cells = "< awk -f Documentation/figures/stages.awk tests/expected/v6.1-rc"
stats cells using 1:2 nooutput
rows = STATS_max_x
stages = STATS_max_y

set title "Cases of the selftest which fail, by stage" font ",15"
set xlabel "stage (0: base, n: after patch n)"
set xrange [-0.5:stages + 0.5]
set yrange [rows + 0.5:0.5]
set xtics 0,1 out nomirror scale 0.3
set ytics out nomirror scale 0.3
set palette defined (0 "#d9534f", 0.6 "#f2b6a0", 0.999 "#fbe5dc", 1 "#dff0d8")
set cbrange [0:1]
unset colorbox
unset key
# The ends of the series.
set arrow from 6.5, graph 0 to 6.5, graph 1 nohead lw 1.5 lc rgb "#555555" front
set arrow from 10.5, graph 0 to 10.5, graph 1 nohead lw 1.5 lc rgb "#555555" front
plot cells using 2:1:3:ytic(5) with image pixels, \
     cells using 2:1:4 with labels font ",12"
