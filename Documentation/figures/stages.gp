# SPDX-License-Identifier: GPL-2.0
# The behaviour table: how many cases of each topic fail on each stage.
# data: trees/v6.1-rc/expected/cases trees/v6.1-rc/tree.conf witness/topics Documentation/figures/stages.awk
set terminal svg size 560,400 font "Helvetica,Arial,sans-serif,14" background "white" noenhanced
set output output
awk = "< TREE=v6.1-rc lab/verdict/print-expected | awk -f Documentation/figures/stages.awk"
cells = awk
series = awk . " -v series=1"
stats cells using 1:2 nooutput
rows = STATS_max_x
stages = STATS_max_y

set label "Cases that fail, by topic and stage" at screen 0.5, screen 0.95 center font ",16"
set xlabel "0 is the base, n the kernel after patch n"
set xrange [-0.5:stages + 0.5]
set yrange [rows + 0.5:-1.1]
set xtics 0,1 out nomirror scale 0.3 font ",12"
set ytics out nomirror scale 0.3
set border 3
set tmargin at screen 0.88
set lmargin at screen 0.27
set rmargin at screen 0.98
set palette defined (0 "#e08a84", 0.6 "#f2b6a0", 0.999 "#fbe5dc", 1 "#dff0d8")
set cbrange [0:1]
unset colorbox
unset key
plot cells using 2:1:3:ytic(5) with image pixels, \
     series using ($1 - 0.5):(rows + 0.5):(0):(-rows - 1.6) with vectors nohead lw 1.5 lc rgb "#555555", \
     series using (($1 + $2) / 2.0):(-0.35):3 with labels font ",12", \
     cells using 2:1:4 with labels font ",12"
