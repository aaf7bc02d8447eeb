until false; do echo waiting for mydb; break; done
#%%
for i in $(seq 1 3); do echo "line $i"; done
#%%
i=0; while [ "$i" -lt 3 ]; do echo "$i: tick"; i=$((i+1)); done; exit 1
#%%
set -eu; : "${NAME:=world}"; echo "hello ${NAME}"
#%%
set -eu; : "${NAME:?must be set}"; echo no
#%%
if [ -z "${DB_HOST:-}" ]; then echo "DB_HOST is not set" >&2; exit 1; fi
#%%
args=""; for a in -x "b c"; do args="$args '$a'"; done; eval "set -- $args"; echo $# "$2"
#%%
usage() { echo "usage: $0 [-h]" | tr -d /; exit 2; }; while getopts h o; do :; done; usage
#%%
if command -v nosuch >/dev/null 2>&1; then echo have; else echo missing; fi
#%%
log() { printf '%s: %s\n' "$1" "$2" >&2; }; log info started 2>&1
#%%
cat <<EOF > conf
server {
  listen ${PORT:-80};
}
EOF
cat conf
#%%
for f in /etc/passwd /nope; do [ -e "$f" ] && echo "$f ok" || echo "$f missing"; done
#%%
name=web-0; ordinal=${name##*-}; base=${name%-*}; echo $ordinal $base
#%%
v=1.2.3; IFS=. read -r a b c <<E
$v
E
echo $a $b $c
#%%
retries=0; until [ $retries -ge 3 ]; do retries=$((retries+1)); echo try $retries; done
#%%
trap 'echo cleaning; rm -f tmpfile' EXIT; touch tmpfile; ls tmpfile
#%%
{ echo a; echo b; } | while IFS= read -r line; do echo "got: $line"; done
#%%
x=$(cat <<'E'
multi
line
E
); echo "$x"
#%%
case "${1:-start}" in start) echo starting;; stop) echo stopping;; *) echo "usage: {start|stop}"; exit 1;; esac
#%%
f() { local n=$1; if [ $n -le 1 ]; then echo $n; else echo $(( $(f $((n-1))) + $(f $((n-2))) )); fi; }; f 7
#%%
while read -r k v; do eval "$k=\$v"; done <<E
A 1
B two words
E
echo "$A $B"
#%%
echo "a,b,c" | { IFS=,; read a b c; echo $c$b$a; }
#%%
echo start; (sleep 0; exit 3) & pid=$!; wait $pid || echo "failed with $?"
#%%
exec 3>&1; { echo to-err >&2; echo to-out; } 2>&1 >&3 | sed 's/^/err: /'
#%%
n=5; while [ $((n-=1)) -gt 0 ]; do printf '%s ' $n; done; echo
#%%
[ "$(echo yes)" = yes ] && [ ! -e /nope ] && echo both
#%%
set -- *.none; [ -e "$1" ] || echo none
#%%
IFS='
'; for l in $(printf 'a b\nc d\n'); do echo "[$l]"; done
#%%
echo "${PATH:+path set}"; echo ${undefined:+x}end
#%%
sh -c 'echo "$@"' -- a b
#%%
env -i sh -c 'echo ${HOME:-nohome}'
#%%
A=1 B=2 sh -c 'echo $A$B'
#%%
printf '%s\n' "$(date +%Y >/dev/null && echo dated)"
#%%
kill -0 1 2>/dev/null && echo pid1
#%%
echo hello > /dev/null && echo ok
#%%
true; status=$?; [ $status -eq 0 ] && echo success
#%%
if ! grep -q nosuchuser /etc/passwd; then echo absent; fi
#%%
grep root /etc/passwd | cut -d: -f1 | head -n 1
#%%
wc -l <<E
a
b
E
#%%
for n in 1 2 3 4 5 6; do [ $((n % 2)) -eq 0 ] && echo even $n || echo odd $n; done
