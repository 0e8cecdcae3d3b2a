# Background jobs, traps, signals, waiting, subshells.
trap 'echo got usr1' USR1
kill -USR1 $$
trap 'echo bye' EXIT
sleep 0.1 & p=$!; wait $p; echo waited $?
( sleep 5 ) & p=$!; kill $p; wait $p 2>/dev/null; echo $?
( trap '' TERM; kill -TERM $(exec sh -c 'echo $PPID'); echo survived )
sh -c 'kill -9 $$'; echo $?
sh -c 'kill -SEGV $$'; echo $?
timeout 1 sleep 10; echo $?
for i in 1 2 3; do ( sleep 0.0$i; echo job $i ) & wait; done
mkfifo ff; ( echo through fifo >ff ) & cat ff; wait
f() { local x=inner; echo $x $1; return 4; }
x=outer; f arg; echo $? $x
trap 'echo int; exit 9' INT
sh -c 'trap "echo child int; exit 7" INT; kill -INT $$; echo not reached'; echo $?
set -- a b c; shift; echo $# $*
case hello in h*o) echo match;; *) echo none;; esac
i=0; until [ $i -ge 3 ]; do i=$((i+1)); done; echo $i
ulimit -n 64; ulimit -n
(ulimit -f 1; dd if=/dev/zero of=big bs=1k count=10 2>/dev/null; echo $?); ls -l big | awk '{print $5}'
renice -n 5 $$ >/dev/null 2>&1; awk '{ print $19 }' /proc/$$/stat
env -i A=1 sh -c 'echo $A'
