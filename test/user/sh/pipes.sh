# Pipelines, redirections, here-documents, substitutions.
echo one two three | wc -w
seq 1 1000 | grep 7 | sort -rn | head -n 5
seq 1 20000 | awk '{ s += $1 } END { print s }'
cat <<END | tr a-z A-Z
here is $((6 * 7)) and `echo sub`
END
cat <<'END'
no $expansion `here`
END
echo out; echo err >&2
{ echo a; echo b >&2; } 2>&1 | sort
echo first >f; echo second >>f; cat <f; wc -c <f
exec 3>g; echo via3 >&3; exec 3>&-; cat g
echo $(echo $(echo nested))
false | true; echo $?
set -o pipefail; false | true; echo $?; set +o pipefail
yes | head -n 3
seq 5 | while read n; do echo "n=$n"; done | tail -n 2
( exit 3 ); echo $?
diff f g; echo $?
seq 100000 | md5sum
dd if=/dev/zero bs=1k count=300 2>/dev/null | wc -c
: >empty; wc -l empty; test -s empty; echo $?
tee t1 t2 <f >/dev/null; cmp t1 t2 && echo same
printf '%s|%5d|%x\n' str 42 255
