# SPDX-License-Identifier: BSD-2-Clause
# frontier.gp - gnuplot -e "set='held'" frontier.gp: SET.points and SET.oracle as SET.png.
set terminal pngcairo size 1500,880 font 'sans,12'
set output set.'.png'
set datafile separator "\t"
set key outside right samplen 3 spacing 1.05
set grid lc rgb '#dddddd'
set border 3
set tics nomirror
set logscale x
# Most policies lie between 5 and 100 % and save 30 to 60 %: they get most of the picture.
set xrange [0.005:2]
set xtics ('0.5 %%' 0.005, '1 %%' 0.01, '2 %%' 0.02, '5 %%' 0.05, '10 %%' 0.1, '20 %%' 0.2, '50 %%' 0.5, '100 %%' 1)
set yrange [30:90]
set xlabel 'mean slowdown of all VMs (logarithmic)'
set ylabel 'memory saved (% of the VMs'' sizes)'
names = system("cut -f 1 ".set.".points | awk '!seen[$0]++ && $0 != \"ws-target\"' | paste -sd' ' -")
pick(name) = "< awk -F '\\t' '$1 == \"".name."\" { x = $3 - 1; if (x < 0.005) x = 0.005; print x \"\\t\" $5 }' ".set.".points | sort -g"
oracle(c) = "< awk '$1 >= 1.005 { print $1 - 1 \"\\t\" $".c." }' ".set.".oracle"
colors = "#0072b2 #e69f00 #009e73 #cc79a7 #56b4e9 #999933 #882255 #332288"
points = "5 7 9 11 13 4 6 8 10 12"
# Eight colours by ten points: of two policies one or the other differs.
color(i) = word(colors, (i - 1) % 8 + 1)
shape(i) = int(word(points, (i - 1) % 10 + 1))
plot oracle(2) using 1:2 with lines lw 2 dt 2 lc rgb '#444444' title 'VMIN, whole clusters (bound)', \
     oracle(3) using 1:2 with lines lw 1.5 dt 2 lc rgb '#888888' title 'VMIN, a page a read', \
     oracle(4) using 1:2 with lines lw 1.5 dt 3 lc rgb '#888888' title 'best idle ages, a page a read', \
     for [i=1:words(names)] pick(word(names, i)) using 1:2 with linespoints lw 1.3 pt shape(i) ps 1.1 lc rgb color(i) title word(names, i), \
     pick('ws-target') using 1:2 with linespoints lw 3.5 pt 7 ps 1.8 lc rgb '#d62728' title 'ws-target'
