# SPDX-License-Identifier: GPL-2.0
# What the calls cost on the base, and what the change adds to it.
# data: trees/v6.1-rc/expected/cost Documentation/figures/cost.awk
set terminal svg size 860,520 font "Helvetica,Arial,sans-serif,13" background "white" noenhanced
set output output
calls = "< awk -f Documentation/figures/cost.awk trees/v6.1-rc/expected/cost"
stats calls using 1 nooutput
rows = STATS_max

set multiplot
set style fill solid 1 noborder
set border 2
set tics out nomirror
set yrange [rows + 0.6:0.4]
set ytics scale 0
unset xtics
set tmargin 4
set bmargin 4

set lmargin at screen 0.21
set rmargin at screen 0.6
set title "Instructions a call on the base" font ",15"
set xrange [0:16500]
set nokey
plot calls using (0):1:(0):3:($1 - 0.35):($1 + 0.35):ytic(2) with boxxyerror lc rgb "#8fa9c9", \
     calls using 3:1:(sprintf(" %d", $3)) with labels left

set lmargin at screen 0.66
set rmargin at screen 0.97
set title "Added" font ",15"
set format y ""
set xrange [-8:44]
set key at screen 0.97, screen 0.06 right bottom reverse Left
set arrow from 0, graph 0 to 0, graph 1 nohead
set border 0
plot calls using (0):1:(0):4:($1 - 0.4):1 with boxxyerror lc rgb "#4c9a5b" title "by the six patches", \
     calls using (0):1:(0):5:1:($1 + 0.4) with boxxyerror lc rgb "#c9a227" title "by the merged form", \
     calls using ($4 > 0 ? $4 : 0):($1 - 0.2):(sprintf(" %d", $4)) with labels left font ",10" notitle, \
     calls using ($5 > 0 ? $5 : 0):($1 + 0.2):(sprintf(" %d", $5)) with labels left font ",10" notitle
unset multiplot
