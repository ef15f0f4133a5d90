# SPDX-License-Identifier: GPL-2.0
# Which line of kernels gets which topic wrong.
# data: Documentation/figures/timeline.txt Documentation/figures/timeline.awk
set terminal svg size 560,520 font "Helvetica,Arial,sans-serif,14" background "white" noenhanced
set output output
cells = "< awk -f Documentation/figures/timeline.awk Documentation/figures/timeline.txt"
stats cells using 1:2 nooutput
set label "Kernels that get a topic wrong" at screen 0.5, screen 0.95 center font ",16"
set label "n/a: not supported yet; parentheses: by the sources, not run; ?: nobody has looked" at screen 0.5, screen 0.04 center font ",12"
set xrange [-0.5:STATS_max_y + 0.5]
set yrange [STATS_max_x + 0.5:0.5]
set x2range [-0.5:STATS_max_y + 0.5]
set x2tics out nomirror scale 0.3
unset xtics
set ytics out nomirror scale 0.3
set border 6
set tmargin at screen 0.84
set bmargin at screen 0.09
set lmargin at screen 0.26
set rmargin at screen 0.98
set palette defined (0 "#e08a84", 1 "#f2c4b6", 2 "#f2f2f2", 3 "#dff0d8")
set cbrange [0:3]
unset colorbox
unset key
plot cells using 2:1:3:ytic(5):x2tic(6) with image pixels, cells using 2:1:4 with labels font ",13"
