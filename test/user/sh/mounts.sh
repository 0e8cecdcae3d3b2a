# Mounting as scripts do it: what the table shows, what a remount keeps, what is busy, what is refused.
mkdir m n
show() { awk '$2 ~ /\/[mn]($|\/)/ { sub(/.*\//, "", $2); sub(/,inode64/, ""); print $1, $2, $3, $4 }' /proc/mounts; }
try() { mount "$@" 2>/dev/null && echo done || echo refused; }
try -t tmpfs -o noatime,nosuid,size=1m,nr_inodes=20 t m; show
try -o remount,size=2m m; show
exec 3>m/f; try -o remount,ro m; try -o remount,ro,bind m
try --bind m n; try -o remount,bind,ro n; show
exec 3>&-; try -o remount,ro m; show; umount n; try -o remount,rw m
: >m/g; exec 4<m/g; rm m/g; try -o remount,ro m; exec 4<&-; try -o remount,ro m; umount m
try -t tmpfs -o size=1m,nr_inodes=10 t m; dd if=/dev/zero of=m/f bs=1k count=500 2>/dev/null
try -o remount,size=400k m; try -o remount,size=0 m; try -o remount,size=1m m; try -o remount,nr_inodes=1 m
try -o remount,mode=700,uid=5 m; show; stat -c '%a %u' m; umount m
for o in bogus=1 size=x size mode=9 uid=x nr_inodes=-; do try -t tmpfs -o $o t m; done
try -t proc -o bogus t m; try -t sysfs -o bogus t m; try -t devpts -o bogus t m; try -t rootfs t m; try -t pipefs t m
try -t tmpfs -o lazytime,sync,dirsync t m; show; umount m
try -t tmpfs -o nosymfollow t m; show; ln -s /proc/version m/l; cat m/l 2>/dev/null; echo $?; readlink m/l; umount m
try -t tmpfs a m; mkdir m/s; try -t tmpfs b m/s; try -t tmpfs c m/s
try --rbind m n; show; umount -l n; try --move m/s n; show; umount n; umount m/s; umount m
grep -E 'sysfs|tmpfs|proc|pipefs|ramfs|devpts' /proc/filesystems
