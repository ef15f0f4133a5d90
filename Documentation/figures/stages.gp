# SPDX-License-Identifier: GPL-2.0
# The behaviour table: how many cases of each kind fail on each stage.
# data: trees/v6.1-rc/expected/cases trees/v6.1-rc/tree.conf Documentation/figures/stages.awk
set terminal svg size 860,520 font "Helvetica,Arial,sans-serif,13" background "white" noenhanced
set output output
awk = "< TREE=v6.1-rc lab/verdict/expected | awk -f Documentation/figures/stages.awk"
cells = awk
ends = awk . " -v ends=1"
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
plot cells using 2:1:3:ytic(5) with image pixels, \
     ends using 1:(rows + 0.5):(0):(-rows) with vectors nohead lw 1.5 lc rgb "#555555", \
     cells using 2:1:4 with labels font ",12"
