a=(1 2 3); a[1]=; echo "${a[@]+set}" "${#a[@]}"; unset a; echo "${#a[@]}"
#%%
declare -A m=([x]=1 [y z]=2); for k in "${!m[@]}"; do printf '%s=%s\n' "$k" "${m[$k]}"; done | sort; unset 'm[x]'; echo ${#m[@]}; m+=([q]=3); echo ${m[q]}; [[ -v m[q] ]]; echo $?
#%%
declare -A m; m[a]=1; ((m[a]++)); ((m[b]+=5)); echo ${m[a]} ${m[b]}
#%%
x=/usr/local/lib/foo.tar.gz; echo ${x##*/} ${x#*/} ${x%.*} ${x%%.*} ${x/local/LOCAL} ${x//\//-} ${#x}
#%%
shopt -s extglob; x=foobar; case $x in +(f|o)bar) echo m;; esac; [[ abc == @(abc|def) ]] && echo at; [[ xx == !(abc) ]] && echo not; echo ${x/%+(a|r|b)/} ${x##+(f|o)}
#%%
shopt -s extglob; touch a.txt b.txt c.log; echo !(*.log); echo *.@(txt|log); echo ?(a).txt
#%%
shopt -s globstar; mkdir -p d/e/f; touch d/1.x d/e/2.x d/e/f/3.x; echo **/*.x; echo d/**; echo **/
#%%
shopt -s nullglob dotglob; touch .h v; echo *; echo z*; shopt -u dotglob; echo *
#%%
shopt -s failglob; echo z*; echo after
#%%
shopt -s nocaseglob nocasematch; touch ABC; echo a*; [[ FOO == foo ]]; echo $?
#%%
shopt -p nullglob extglob; shopt -o pipefail; shopt nosuch; echo $?; shopt -s nosuch
#%%
mapfile -t -n 2 a < <(printf 'a\nb\nc\n'); echo "${a[@]}"; mapfile -s 1 -O 2 b <<< $'x\ny'; declare -p b; mapfile < <(echo q); echo "${MAPFILE[0]}"; mapfile -d : c <<< a:b:; declare -p c
#%%
printf -v x '%s-%s' a b; echo $x; printf -v 'a[2]' %d 5; echo ${a[2]}; printf '%(%Y)T\n' 0; printf '%b|%q|%5.2f|%s\n' 'a\tb' 'x y' 3.14159 end
#%%
echo hi | { read -r x y; echo "$x|$y"; }; read -r -a w <<< "a b c"; echo ${#w[@]}; IFS=, read a b <<< "1,2,3"; echo "$a|$b"; read -d '' z <<< "q"; echo $? "$z"
#%%
read -t x; echo $?; read -z; echo $?; read 1x; echo $?; read -n; echo $?
#%%
PS3='pick> '; select x in one two; do echo "got $x $REPLY"; [ -n "$x" ] && break; done <<< $'9\n2'
#%%
trap 'echo bye' EXIT; echo hi; exit 3
#%%
trap 'echo "ERR $? line $LINENO"' ERR; f() { false; }; f; true; false || true; echo end
#%%
set -E; trap 'echo ERR' ERR; f() { false; echo in; }; f; echo end
#%%
trap 'echo "D: $BASH_COMMAND"' DEBUG; x=1; echo $x
#%%
trap 'echo ret' RETURN; f() { echo f; }; f; set -T; f
#%%
trap 'echo usr1' USR1; kill -USR1 $$; echo after; trap - USR1; trap -p; trap '' TERM; trap -p TERM; trap 'x' NOSUCH; echo $?; trap -l | head -2
#%%
set -euo pipefail; false | true; echo no
#%%
set -e; f() { false; echo no; }; if f; then echo yes; fi; f || echo or; f; echo never
#%%
f() { echo ${FUNCNAME[@]}; g; }; g() { echo ${FUNCNAME[0]} ${FUNCNAME[1]} ${BASH_LINENO[0]}; caller; caller 0; }; f
#%%
echo $LINENO
echo $LINENO
f() {
echo $LINENO
}
f
#%%
[[ $RANDOM -ge 0 ]] && echo r; [[ $SECONDS -lt 2 ]] && echo s; [[ $BASHPID == $$ ]] && echo p; (  [[ $BASHPID == $$ ]] || echo q ); RANDOM=5; a=$RANDOM; RANDOM=5; [[ $a == $RANDOM ]] && echo seeded; [ ${#EPOCHSECONDS} = 10 ] && echo ep; echo ${EPOCHREALTIME//[0-9]/}
#%%
coproc { read x; echo "got $x"; }; echo hi >&${COPROC[1]}; read y <&${COPROC[0]}; echo $y; wait $COPROC_PID; echo $?
#%%
coproc NAME { cat; }; echo a >&${NAME[1]}; eval "exec ${NAME[1]}>&-"; cat <&${NAME[0]}
#%%
sleep 5 & p=$!; jobs; jobs -p >/dev/null; kill %1; wait %1; echo $?; kill %3; echo $?; wait %9; echo $?
#%%
sleep 5 & disown; jobs; wait; echo $?; disown %4; echo $?
#%%
true & wait $!; echo $?; false & wait $!; echo $?; jobs
#%%
fg; echo $?; bg; echo $?; fg %1; echo $?
#%%
command -v echo if nosuch; echo $?; command -V if; command -V nosuch; command nosuch; echo $?; command -v f; f() { :; }; command -v f
#%%
history; echo $?; history -c; fc -l; echo $?
#%%
alias ll='ls -l'; alias; alias nosuch; echo $?; unalias ll; unalias ll; echo $?; shopt -s expand_aliases
alias hi='echo hello'
hi there
#%%
declare -a a=(1 2); declare -i n=5; declare -l low=ABC; declare -u up=abc; echo $low $up; declare -p a n low up; declare -p nosuch; echo $?; declare -f nof; echo $?
#%%
f() { local x=1; g; echo $x; }; g() { x=2; local y; declare -g z=3; }; f; echo "${x-unset}" $z; local q; echo $?
#%%
f() { local -n ref=$1; ref=changed; ref+=(more); }; v=x; f v; echo $v ${v[1]}; f() { local IFS=,; echo "$*"; }; f a b
#%%
f() { echo $#; echo "$1"; shift; echo "$@"; return 5; }; f a b c; echo $?
#%%
readonly r=1; r=2; echo "$?"; declare -r s=1; unset s; echo $?; (r=3); echo $?; readonly -p | grep ' r='
#%%
x="a b"; y=($x); echo ${#y[@]}; y=("$x"); echo ${#y[@]}; z=([3]=q [1]=w); echo ${!z[@]} ${z[@]}
#%%
a=(c a b); IFS=$'\n'; sorted=($(sort <<< "${a[*]}")); unset IFS; echo ${sorted[@]}; echo ${a[@]^^} ${a[@]/#/x} "${a[@]:0:2}" ${a[@]%b}
#%%
a=(1 2 3); for i in ${!a[@]}; do echo $i:${a[i]}; done; echo $((a[0]+a[2])); ((a[1]*=10)); echo ${a[1]}; echo ${a[-1]}; a[9]=x; echo ${a[7]}; a[-20]=y; echo $?
#%%
a=(1 2); b=("${a[@]}" 3); echo "${b[@]}" "${#b[@]}"; echo "${a[@]@Q}" "${a[*]@A}"; x=abc; echo ${x@u} ${x@L} ${x@A} ${x@a}; y='\t|'; echo "${y@E}"
#%%
x=hello; echo ${x:1:-1} ${x:(-2)} ${x:0:0}; echo ${x:9}; echo ${x: -9}; echo ${x:1:-9}
#%%
x=abc; echo ${x:-d} ${u:-d} ${u:=set} $u ${x:+alt} ${v:+alt} ${#x}; echo ${v:?is missing}; echo no
#%%
echo ${!x}; x=HOME; echo ${!x}; n=2; set -- a b c; echo ${!n} ${!#} ${@: -1} $# ${*:2}
#%%
diff <(echo a) <(echo b); echo $?; cat <(echo 1) <(echo 2); echo x > >(cat); wait; while read l; do echo "- $l"; done < <(printf '1\n2\n')
#%%
[[ 2 < 10 ]]; echo $?; [[ 2 -lt 10 ]]; echo $?; [[ "a b" =~ ^a\ b$ ]]; echo $?; re='([0-9]+)-([a-z]+)'; [[ 12-ab =~ $re ]]; echo ${BASH_REMATCH[@]}; [[ abc =~ "a.c" ]]; echo $?; [[ a =~ [ ]]; echo $?
#%%
[[ -f /etc/passwd && -d /etc || -e /no ]]; echo $?; [[ -o errexit ]]; echo $?; [[ a == [abc] ]]; echo $?; [[ ! -e /no ]]; echo $?; [[ -z ]]; echo x
#%%
[[ a = b c ]]; echo $?
#%%
echo $(( 1 + )); echo $?; echo $((a b)); echo $?; echo $((2**-1)); echo $(( 10#08 )) $((0x1F)) $((36#z)) $((3#5))
#%%
for ((i=0,j=10; i<j; i+=3,j--)); do echo $i $j; done; i=0; while ((i++ < 3)); do ((i==2)) && continue; echo $i; done; until ((i<=0)); do ((i--)); done; echo $i
#%%
for i in {1..3}; do for j in a b; do [ $j = b ] && continue 2; [ $i = 3 ] && break 2; echo $i$j; done; done
#%%
cat <<EOT
$((1+1)) $(echo sub) \$x `echo bt`
EOT
cat <<'EOT'
$x
EOT
cat <<-EOT
	tab
	EOT
#%%
f() { cat; } ; f <<< "in"; { echo a; echo b; } > out; cat out; exec 3> fd; echo x >&3; exec 3>&-; cat fd; echo y 2>&1 1>/dev/null; ls /nosuch 2>/dev/null; echo $?
#%%
exec {fd}> f; echo q >&$fd; exec {fd}>&-; cat f; [ $fd -ge 10 ] && echo big; echo z >&9; echo $?
#%%
set -C; echo a > f; echo b > f; echo $?; echo c >| f; cat f; set +C; echo d > f; cat f
#%%
nosuch; echo $?; /nosuch; echo $?; /tmp; echo $?; touch ne; ./ne; echo $?; nosuch | cat; "a b"; ''; echo $?
#%%
nosuch arg 2>/dev/null; echo $?; $(nosuch); echo $?; x=$(false); echo $?; local=5; echo $local
#%%
if true; then
fi
#%%
while true; do echo x
#%%
case x in
#%%
echo $(
#%%
echo ${x
#%%
echo `a
#%%
f( { echo; }
#%%
(echo a
#%%
echo a | | b
#%%
&& echo
#%%
echo a;; echo b
#%%
for do
#%%
for x in a b c
#%%
}
#%%
then
#%%
if [ 1 = 1 ] then echo; fi
#%%
echo 'abc
#%%
echo ${x!y}; echo $?
#%%
echo ${}; echo $?
#%%
source nosuch; echo $?; . ./nosuch; echo $?; source; echo $?; echo 'echo in $1; return 3' > s; . ./s arg; echo $?; PATH=$PATH; . s; echo $?
#%%
eval 'echo a; exit 4'; echo no
#%%
eval 'if'; echo $?
#%%
exec nosuch; echo no
#%%
(exec nosuch); echo $?; exec 2>/dev/null; nosuch; echo $?
#%%
cd nosuch; echo $?; cd a b; echo $?; cd -; echo $?; cd /; cd /etc; cd -; pwd; cd ''; echo $?; touch fi; HOME=/nosuch cd; echo $?
#%%
getopts ab: o -a -b v; echo $o $OPTIND; getopts ab: o -a -b v; echo $o $OPTARG; while getopts :x: f -x; do echo $f $OPTARG; done; OPTIND=1; getopts a o -z; echo $o
#%%
umask 027; umask; touch f; stat -c %a f; umask u=rwx,g=,o=; umask; umask 999; echo $?
#%%
export A=1; export -p | grep ' A='; export -f nof; echo $?; f() { echo exported; }; export -f f; bash -c f
#%%
echo 'echo $0 $@' > s.sh; bash s.sh a b; chmod +x s.sh; ./s.sh c; echo 'nosuch
if' > t.sh; bash t.sh; echo $?; echo 'echo from stdin $1' | bash -s x; bash < s.sh
#%%
printf '#!/bin/bash\nset -u\necho $nope\n' > s; chmod +x s; ./s; echo $?; printf '#!/nosuch\n' > t; chmod +x t; ./t; echo $?
#%%
let; echo $?; let a=5 b=a*2; echo $b; let "c = 1 + 2"; echo $c; let x=; echo $?
#%%
test; echo $?; [ ]; echo $?; test 1 -eq x; echo $?; [ -f ]; echo $?; [ a -nt b ]; echo $?; test -z "" -a -n x; echo $?; [ a = a -a b ]; echo $?; [ -x ; echo $?; test -q x; echo $?
#%%
kill; echo $?; kill -l TERM; kill -l 143; kill -0 $$; echo $?; kill -9; echo $?; kill -s NOPE $$; echo $?; kill -l | head -1; kill 999999; echo $?
#%%
bash -c 'kill -TERM $$'; echo $?; bash -c 'kill -INT $$'; echo $?; sleep 5 & kill -9 $!; wait $!; echo $?
#%%
x=1; x+=2; echo $x; declare -i y=1; y+=2; echo $y; unset x y z; echo $?; unset -f nof; echo $?; unset 'a b'; echo $?; unset -v HOME; echo ${HOME-none}
#%%
IFS=:; x=a:b::c; for i in $x; do echo "[$i]"; done; set -- $x; echo $#; echo "$*"; unset IFS; echo $x
#%%
set -x; a=(1 2); x="a b"; echo "$x" 'q'; [[ a == b ]]; for i in 1; do :; done; f() { echo in; }; f 2>&1; case a in a) ;; esac; PS4='> '; echo hi
#%%
set -v; echo a
echo b
#%%
wait 1; echo $?; wait abc; echo $?; suspend; echo $?; logout; echo $?
#%%
printf '%s\n' "${BASH_SOURCE[0]}" "$BASH_EXECUTION_STRING" | head -1; echo "$SHLVL" "$PPID" | grep -c '[0-9]'; echo $UID $EUID $HOSTTYPE $OSTYPE $MACHTYPE; echo ${GROUPS[0]}; echo ${DIRSTACK[0]} >/dev/null
#%%
exit 1 2; echo $?
#%%
logger() { :; }; unset -f logger; f-g() { echo dash; }; f-g; a.b() { echo dot; }; a.b; function x:y { echo colon; }; x:y
#%%
: ${x:=5}; echo $x; : > f; [ -s f ]; echo $?; true && false || echo c; ! true; echo $?; ! ! true; echo $?
#%%
while read -r a b; do echo "$b $a"; done <<'E'
1 one
2 two
E
#%%
retry() { local n=0; until "$@"; do ((++n >= 3)) && return 1; echo "try $n"; done; }; retry false; echo $?
#%%
declare -A c; while read w; do ((c[$w]++)); done <<< $'a\nb\na'; for k in a b; do echo $k ${c[$k]}; done
#%%
usage() { echo "Usage: $0 x" >&2; exit 2; }; [ $# -lt 1 ] && usage
#%%
set -- -a --long=5 file; while [[ $# -gt 0 ]]; do case "$1" in -a) echo A;; --long=*) echo "${1#*=}";; *) echo "f $1";; esac; shift; done
#%%
readonly -a ra=(1 2); ra[0]=5; echo $?; declare -p ra; declare -x; echo ok | cat >/dev/null
#%%
arr=(); [ -z "${arr[*]}" ] && echo empty; set -u; echo "${arr[@]}"; echo "${arr[0]}"; echo no
#%%
shopt -s extglob
x=foobar; case $x in +(f|o)bar) echo m;; esac; [[ abc == @(abc|def) ]] && echo at; [[ xx == !(abc) ]] && echo not; echo ${x/%+(a|r|b)/} ${x##+(f|o)} ${x%%+(r|a)} ${x//@(o|a)/-} ${x#?(f)}
#%%
shopt -s extglob
touch a.txt b.txt c.log; echo !(*.log); echo *.@(txt|log); echo ?(a).txt; echo !(a|b).txt; rm !(a.txt); ls; echo +([a-z]).+([a-z])
#%%
shopt -s extglob
x='  trim me  '; x=${x##+([[:space:]])}; x=${x%%+([[:space:]])}; echo "[$x]"; v="@(a|b)"; [[ a == $v ]] && echo var; [[ 123 == +([0-9]) ]] && echo num; [[ ab12 == +([a-z])+([0-9]) ]]; echo $?
#%%
shopt -s expand_aliases
alias hi='echo hello' ls='ls -a'
hi there
alias a='echo A; b' b='echo B'
a
alias x='x y'
x
\hi
unalias hi
hi
#%%
alias n='echo no'
n
#%%
!(false); echo $?
#%%
a=([0]=x [5]=y z); echo ${!a[@]}; a[${#a[@]}]=w; echo ${!a[@]}; i=1; a[i+1]=k; echo ${a[i+1]} ${a[$((i+1))]}
#%%
cd /nope 2>/dev/null; disown 2>/dev/null; popd 2>/dev/null; shift 5 2>/dev/null; source ./nope 2>/dev/null; echo end
#%%
readonly r=1; unset r 2>/dev/null; declare -Q 2>/dev/null; export 1a=2 2>/dev/null; set -o nope 2>/dev/null; echo end
#%%
type nope 2>/dev/null; trap x FOO 2>/dev/null; let "1+" 2>/dev/null; wait %9 2>/dev/null; exec /nope 2>/dev/null; echo end
#%%
f() { cd /nope; }; f 2>err; cat err
