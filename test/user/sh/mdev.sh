# Devices as an early script finds them: mdev on an empty /dev, class links, events by hand.
cat /sys/class/mem/null/dev /sys/class/tty/console/dev /sys/dev/char/1:5/dev
cat /sys/class/mem/zero/uevent /sys/class/tty/console/uevent
readlink /sys/class/mem/null | sed 's,.*devices,devices,'
readlink -f /sys/class/tty/tty/subsystem
echo add >/sys/class/mem/null/uevent; echo $?
mkdir d r r/sys r/dev r/proc; cp -r /usr r
mount -t tmpfs dev d; mount --bind d r/dev; mount --rbind /sys r/sys; mount -t proc proc r/proc
chroot r /usr/bin/busybox mdev -s; echo $?
for i in null zero full random urandom kmsg tty console ptmx; do stat -c '%n %F %t:%T' d/$i; done
umount -l r/sys; umount r/proc; umount r/dev; umount d
