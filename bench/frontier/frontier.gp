# SPDX-License-Identifier: BSD-2-Clause
# frontier.gp - gnuplot -e "set='held'" frontier.gp: SET.points and SET.oracle as SET.png.
set terminal pngcairo size 1100,640 font 'sans,10'
set output set.'.png'
set datafile separator "\t"
set key outside right samplen 2
set grid lc rgb '#dddddd'
set logscale x
set xrange [0.002:2]
set xtics ('0.2 %%' 0.002, '0.5 %%' 0.005, '1 %%' 0.01, '2 %%' 0.02, '5 %%' 0.05, '10 %%' 0.1, '20 %%' 0.2, '50 %%' 0.5, '100 %%' 1)
set yrange [0:100]
set xlabel 'mean slowdown of all VMs (logarithmic)'
set ylabel 'memory saved (% of the VMs'' sizes)'
names = system("cut -f 1 ".set.".points | awk '!seen[$0]++ && $0 != \"ws-target\"' | paste -sd' ' -")
pick(name) = "< awk -F '\\t' '$1 == \"".name."\" { x = $3 - 1; if (x < 0.002) x = 0.002; print x \"\\t\" $5 }' ".set.".points | sort -g"
oracle(c) = "< awk '{ x = $1 - 1; print (x < 0.002 ? 0.002 : x) \"\\t\" $".c." }' ".set.".oracle"
plot oracle(2) using 1:2 with lines lw 2 dt 2 lc rgb '#444444' title 'VMIN, whole clusters (bound)', \
     oracle(3) using 1:2 with lines lw 1 dt 2 lc rgb '#888888' title 'VMIN, a page a read', \
     oracle(4) using 1:2 with lines lw 1 dt 3 lc rgb '#888888' title 'best idle ages, a page a read', \
     for [i=1:words(names)] pick(word(names, i)) using 1:2 with linespoints lw 1 pt (i % 13 + 1) ps 0.8 lc i title word(names, i), \
     pick('ws-target') using 1:2 with linespoints lw 3 pt 7 ps 1.4 lc rgb '#d62728' title 'ws-target'
