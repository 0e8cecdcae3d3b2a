# /proc as scripts read it: only what does not depend on the machine.
cd /proc/self; ls -d cmdline comm cwd environ exe fd maps mem root stat statm status task 2>&1
cat /proc/sys/kernel/ostype
awk '/^MemTotal|^MemFree|^MemAvailable|^Buffers|^Cached|^SwapTotal|^Dirty|^AnonPages|^Mapped|^Shmem:|^Slab|^PageTables|^CommitLimit|^VmallocTotal/ { print $1, $3 }' /proc/meminfo
awk '{ print NF }' /proc/self/stat
awk '{ print NF }' /proc/self/statm
awk '{ print NF }' /proc/uptime
awk '{ print NF }' /proc/loadavg
grep -c '^Name:' /proc/self/status; grep '^State:' /proc/self/status; grep -E '^(Uid|Gid|Threads|TracerPid):' /proc/self/status
tr '\0' ' ' </proc/self/cmdline; echo
readlink /proc/self/exe | sed 's,.*/,,'
sh -c 'readlink /proc/self/fd/0'
awk '$6 == "[stack]" { print $2, $6 } $6 == "[vdso]" { print $2, $6 }' /proc/self/maps
[ "$(cat /proc/1/comm)" ] && echo has comm
kill -0 1 && echo init lives
ps 2>/dev/null | awk 'NR == 1 { print $1 }'
test -d /proc/$$ && echo mine
test -d /proc/999999 || echo none
cat /proc/sys/vm/overcommit_memory
awk '$2 == "/proc" { print $3 }' /proc/mounts
head -c 14 /proc/version; echo
awk 'NR == 1 { print $1, (NF >= 8) }' /proc/stat
awk '{ print $3 }' /proc/2/stat
sleep 5 & sleep 0.3; awk '{ print ($1 > 0), NF }' /proc/$!/syscall; kill $!; wait $! 2>/dev/null
awk '/^isa/ { print ($3 ~ /^rv64ima[a-z]*_.*zicntr.*_zicsr_zifencei.*_zihpm/), ($3 ~ /_zca/); exit }' /proc/cpuinfo
