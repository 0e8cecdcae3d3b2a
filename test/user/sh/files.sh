# Files, links, permissions, archives, big files.
mkdir -p a/b/c; echo x >a/b/c/f; ln a/b/c/f a/hard; ln -s b/c/f a/soft
cat a/soft; stat -c '%h %s %a %F' a/hard a/soft
chmod 640 a/hard; stat -c %a a/b/c/f
tar cf t.tar a && mkdir out && tar xf t.tar -C out && find out | sort
gzip -c t.tar >t.gz && gunzip -c t.gz | cmp - t.tar && echo gz ok
rm -r a out; ls
dd if=/dev/zero of=sparse bs=1 count=1 seek=1000000000 2>/dev/null; stat -c %s sparse; rm sparse
seq 1 200000 >big; wc big; tail -c 7 big; head -c 5 big; sort -n -r big | head -n 1; md5sum big
head -c 500000 big >p1; tail -c +500001 big >p2; cat p1 p2 | cmp - big && echo split ok; rm big p1 p2
touch -d '2001-02-03 04:05:06' old; stat -c %y old | cut -c1-19
mv old new; ls; test -e old || echo gone
mkdir d; mv new d/; rmdir d; rm -rf d; ls
umask 077; touch m; stat -c %a m
cp t.gz copy; cmp t.gz copy; truncate -s 10 copy; stat -c %s copy
echo abc | od -c | head -n 1
find /proc/self/ -maxdepth 0 | wc -l
ls -la | awk '{print $1, $NF}' | grep -v '^total' | sort
df . | tail -n 1 | awk '{print $NF}'
mkdir mnt; mount -t tmpfs -o size=1m none mnt; df mnt | awk 'NR==2 {print $2}'
cp t.tar mnt/; ls mnt; dd if=/dev/zero of=mnt/fill bs=64k 2>&1 | grep -o 'No space.*'; umount mnt; ls mnt | wc -l
chown 100:200 m; stat -c '%u %g' m
readlink -f ./d/../m | sed "s,$PWD,PWD,"
grep -c root /etc/passwd 2>/dev/null || echo no passwd
