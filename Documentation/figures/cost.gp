# SPDX-License-Identifier: GPL-2.0
# What the change adds to the instructions of each call, in per cent of the call.
# data: trees/v6.1-rc/expected/cost Documentation/figures/cost.awk
set terminal svg size 520,620 font "Helvetica,Arial,sans-serif,14" background "white" noenhanced
set output output
calls = "< awk -f Documentation/figures/cost.awk trees/v6.1-rc/expected/cost"
stats calls using 1 nooutput
rows = STATS_max

set title "Instructions added to each call, in per cent" font ",16"
set style fill solid 1 noborder
set border 3
set tics out nomirror
set yrange [rows + 0.7:0.3]
set ytics scale 0
set xrange [-0.15:1.6]
set xtics 0, 0.5 format "%g %%"
set lmargin at screen 0.36
set rmargin at screen 0.96
set bmargin 6
set key at screen 0.96, screen 0.055 right bottom reverse Left horizontal
set arrow from 0, graph 0 to 0, graph 1 nohead lc rgb "#555555"
percent(p) = p == 0 ? " 0" : sprintf(" %.2f", p)
plot calls using (0):1:(0):4:($1 - 0.4):1:ytic(2) with boxxyerror lc rgb "#7a3fa0" title "the six patches", \
     calls using (0):1:(0):5:1:($1 + 0.4) with boxxyerror lc rgb "#c9a227" title "the merged form", \
     calls using ($4 > 0 ? $4 : 0):($4 == 0 && $5 == 0 ? $1 : $1 - 0.2):(percent($4)) with labels left font ",12" notitle, \
     calls using ($5 > 0 ? $5 : 0):($1 + 0.2):($4 == 0 && $5 == 0 ? "" : percent($5)) with labels left font ",12" notitle
