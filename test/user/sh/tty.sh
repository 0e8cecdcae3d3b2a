# A port as a controlling terminal: it is shown as one, and keeps its settings when its session ends.
name=$(cat /sys/class/tty/console/active); port=/dev/${name##* }
before=$(stty -g <$port)
setsid sh -c "exec 0<>$port; tty; cut -d ' ' -f 7 /proc/self/stat; stty -ixon min 3" >out
nr=$(sed 's/:/ * 256 + /' /sys/class/tty/${port#/dev/}/dev)
sed "s,^$port\$,the port,; s/^$((nr))\$/its number/" out
after=$(stty -g <$port)
[ "$before" = "$after" ] || echo settings stay
setsid sh -c "exec 0<>$port; stty $before; stty -a" 2>/dev/null | grep -o -- '-*ixon'
setsid sh -c 'echo >/dev/tty' 2>&1 | sed 's/.*: //'
