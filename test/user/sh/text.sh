# awk, sed, sort, arithmetic: programs that lean on brk, mmap and floating point.
awk 'BEGIN { for (i = 0; i < 10; i++) printf "%.6f ", i / 7 * 1.1; print "" }'
awk 'BEGIN { n = 20000; for (i = 2; i <= n; i++) { if (!c[i]) { p++; for (j = i * i; j <= n; j += i) c[j] = 1 } } print p }'
seq 1 300 | sed -n -e 's/\(.\)3/\1<3>/p' | head -n 5
seq 1 5000 | sort -r | sort -n | md5sum
seq 1 5000 | awk '{ a[$1 % 97] += $1 } END { for (k = 0; k < 97; k += 24) print k, a[k] }'
echo 'a,b;c d' | tr ',; ' '\n\n\n' | nl
printf '3\n1\n2\n' | sort | paste -sd+ | bc 2>/dev/null || echo $((1 + 2 + 3))
echo $((1 << 40)) $((7 / 2)) $((-7 % 3)) $((0x1f))
s=abcdefgh; echo ${s#abc} ${s%gh} ${#s} ${s:2:3}
IFS=:; for w in a:b:c; do echo $w; done; unset IFS
for w in *.nothing; do echo $w; done
expr 6 \* 7; expr length abcdef
seq 1 10 | xargs -n 3 echo
seq 1 10 | tac | tail -n 2
echo hello | sha256sum
seq 1 30000 | gzip | gunzip | tail -n 1
dc -e '2 64 ^ p' 2>/dev/null || echo 18446744073709551616
sh -c 'x=1; (x=2; echo $x); echo $x'
i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; echo $i
big=$(seq 1 20000); echo ${#big}
