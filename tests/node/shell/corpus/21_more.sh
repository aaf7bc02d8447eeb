mkfifo p; echo hi > p & cat p; wait; echo $?
#%%
mkfifo p; cat p & echo there > p; wait; cat < /dev/null
#%%
nosuch; echo $?; ./nosuch; echo $?; /; echo $?; /etc/passwd; echo $?
#%%
. ./nosuch; echo no
#%%
cd /nosuch; echo $?; cd; pwd >/dev/null; OLDPWD=; cd -; echo $?
#%%
read x < /nosuch; echo $?; echo a > /nosuch/x; echo $?; cat <&7; echo $?
#%%
set -e; false || true; if false; then :; fi; ! true; (exit 3); echo no
#%%
trap 'echo exit $?' EXIT; trap 'echo term' TERM; kill -TERM $$; (trap 'echo sub' EXIT); false
#%%
f() { echo "$# $*"; shift; return 4; }; f a b c; echo $?; unset -f f; f; echo $?
#%%
x=5; echo $((x+1)) $((x*=2)) $x $((x==10)) $((-7/2)) $((7%-3)) $((1<<4)) $((~5)) $((!0)) $((x>5?1:2)); echo $((0x1f+010))
#%%
echo $((x=)); echo no
#%%
echo $((5/0)); echo no
#%%
echo "${x?}"; echo no
#%%
case "a b" in "a b") echo q;; *) echo d;; esac; case abc in [!b]*) echo n;; esac; case x in (x|y) echo p; esac
#%%
while :; do break; done; until false; do i=$((i+1)); [ $i -ge 3 ] && break; done; echo $i; for x; do echo $x; done; for x in; do echo never; done; echo $?
#%%
cat <<A; cat <<-B
one $((1+1))
A
	two
	B
#%%
cat <<A
unterminated
#%%
(exit 7) & wait $!; echo $?; wait 12345; echo $?
#%%
set -- a "b c" d; for i in "$@"; do echo "[$i]"; done; for i in $*; do echo "($i)"; done; echo "$*" "$#" "${2}"; shift 5; echo $?
#%%
IFS=,; set -- $(echo a,b,,c); echo $#; echo "$*"; read a b <<E
1,2,3
E
echo "$a|$b"
#%%
alias ll='echo aliased'
ll x
unalias ll
ll x; echo $?
#%%
umask 022; umask; umask -S; umask 77; umask
#%%
export A=1 B; export -p | grep -c A=; readonly R=1; R=2; echo no
#%%
eval 'echo a; false'; echo $?; eval; echo $?; eval 'if'; echo no
#%%
exec 3>f; echo x >&3; exec 3>&-; cat f; exec 4<f; read y <&4; echo $y; exec nosuchcmd; echo no
#%%
printf '%s %d %05.1f|%-5s|%x %o %c\n' a 3 2.55 b 255 8 xyz; printf '%s\n' a b c; printf '%b' 'a\nb\n'; printf '%d\n' x; echo $?; printf; echo $?
#%%
test -f /etc/passwd -a 1 -lt 2; echo $?; [ -z "" ]; echo $?; [ 1 = 1; echo $?; test a -eq 1; echo $?; [ -n a b ]; echo $?
#%%
kill -0 $$; echo $?; kill -l 15; kill 99999; echo $?; kill -NOSUCH 1; echo $?; kill; echo $?
#%%
getopts ab:c o -a -bx -c; echo $o; while getopts x:y o -x 1 -y -z; do echo "$o ${OPTARG-unset}"; done
#%%
if true; then echo a; else echo b; fi | cat; { echo g; } | cat; ( echo s ) | cat; f() { cat; }; echo p | f
#%%
echo a; ; echo b
#%%
if true
#%%
for i in 1 2; echo
#%%
case x in a) echo
#%%
f() echo x
#%%
echo 'unterminated
#%%
echo "unterminated
#%%
echo `unterminated
#%%
echo $(unterminated
#%%
echo ${unterminated
#%%
fi
#%%
echo a | 
#%%
( echo a
#%%
{ echo a
#%%
done
#%%
while true; do
#%%
&
#%%
echo < 
#%%
x=$(echo a; exit 3); echo $? $x; echo `echo "q $(echo n)"`
#%%
echo ~ ~root ~nosuch; echo "~" a=~ x:~; b=~:~; echo $b
#%%
touch a1 a2 .h; echo a* [ab]? *z; echo .*[h]; set -f; echo a*
#%%
set -x; x=1; echo "a b" $x; y=2 z=3 true; if [ 1 = 1 ]; then :; fi
#%%
set -u; echo ${x-ok}; echo $x; echo no
#%%
hash; hash nosuch; echo $?; ulimit -n >/dev/null; echo $?; times >/dev/null; echo $?
#%%
local x; echo $?
#%%
return 3; echo no
#%%
break; continue; echo ok
#%%
exit abc; echo $?
#%%
echo 'nosuch
cd /nosuch
echo ${x?gone}
echo no' > s; sh s; echo $?; chmod +x s; ./s; echo $?
#%%
echo 'if true; then
echo a
' > s; sh s; echo $?
#%%
echo 'x() { nosuch; }
x
read y </nosuch
set -u
echo $nope' | sh; echo $?
#%%
sleep 10 & kill $!; wait $!; echo $?; sh -c 'kill -9 $$'; echo $?; sh -c 'kill -15 $$'; echo $?; sh -c 'kill -11 $$'; echo $?
#%%
exec 2>&1; nosuch; (nosuch2); echo $(nosuch3); nosuch4 | cat
#%%
echo -n a; echo -e 'b\tc'; echo 'd\te'; echo -- f; echo -ne g; echo
