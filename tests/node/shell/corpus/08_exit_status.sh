nosuchcmd; echo $?
#%%
/nosuch/cmd; echo $?
#%%
./nofile; echo $?
#%%
touch f; ./f; echo $?
#%%
mkdir d; ./d; echo $?
#%%
/; echo $?
#%%
"" ; echo $?
#%%
exit
#%%
exit 3
#%%
false; exit
#%%
true; exit
#%%
exit 256
#%%
exit 300
#%%
exit abc; echo no
#%%
exit -1; echo no
#%%
(exit 5); exit
#%%
f() { exit 4; }; f; echo no
#%%
f() { return 4; }; f; echo $?
#%%
f() { return; }; false; f; echo $?
#%%
f() { false; return; }; f; echo $?
#%%
return 3; echo no
#%%
. ./nofile; echo after
#%%
. nofile; echo after
#%%
echo 'echo sourced $1; return 3; echo no' >f; . ./f arg; echo $?
#%%
echo 'x=5' >f; . ./f; echo $x
#%%
echo 'exit 4' >f; . ./f; echo no
#%%
echo 'if' >f; . ./f; echo no
#%%
echo '(echo a' >f; . ./f; echo no
#%%
.; echo $?
#%%
eval; echo $?
#%%
eval 'false'; echo $?
#%%
eval 'exit 3'; echo no
#%%
eval 'if'; echo no
#%%
eval ')' ; echo no
#%%
(eval ')'); echo $?
#%%
eval echo a b
#%%
eval 'echo a;' 'echo b'
#%%
eval "x=1; echo \$x"
#%%
x='echo $y'; y=5; eval $x
#%%
eval 'return 3'; echo no
#%%
f() { eval 'return 3'; echo no; }; f; echo $?
#%%
for i in 1 2; do eval break; echo no; done; echo ok
#%%
false || exit 9
#%%
trap 'exit 3' EXIT; exit 5
#%%
set -e; false; echo no
#%%
set -e; false || true; echo ok
#%%
set -e; false && true; echo ok
#%%
set -e; true && false; echo no
#%%
set -e; ! true; echo ok
#%%
set -e; ! false; echo ok
#%%
set -e; if false; then :; fi; echo ok
#%%
set -e; while false; do :; done; echo ok
#%%
set -e; until true; do :; done; echo ok
#%%
set -e; f() { false; echo in; }; f; echo no
#%%
set -e; f() { false; echo in; }; f || echo caught
#%%
set -e; f() { false; echo in; }; if f; then echo yes; fi
#%%
set -e; (false); echo no
#%%
set -e; (false; echo in); echo no
#%%
set -e; (false) || echo ok
#%%
set -e; { false; echo in; }; echo no
#%%
set -e; { false; echo in; } || echo ok
#%%
set -e; false | true; echo ok
#%%
set -e; true | false; echo no
#%%
set -e; x=$(false); echo no
#%%
set -e; echo $(false); echo ok
#%%
set -e; x=$(false) || echo ok
#%%
set -e; x=$(false; echo in); echo "[$x]"
#%%
set -e; eval false; echo no
#%%
set -e; eval 'false || true'; echo ok
#%%
set -e; case a in a) false;; esac; echo no
#%%
set -e; for i in 1 2; do false; done; echo no
#%%
set -e; for i in 1 2; do [ $i = 3 ] && echo; done; echo $?
#%%
set -e; nosuchcmd; echo no
#%%
set -e; cd /nonexistent; echo no
#%%
set -e; set +e; false; echo ok
#%%
set -e; trap 'echo exit $?' EXIT; false; echo no
#%%
set -e; false & wait; echo ok
#%%
set -e; false & wait $!; echo no
#%%
set -e; if ! false; then echo ok; fi
#%%
set -e; false || false; echo no
#%%
set -e; true || false; echo ok
#%%
set -e; test 1 = 2; echo no
#%%
set -e; . ./nofile || echo no
#%%
set -e; f() { return 3; }; f; echo no
#%%
set -e; x=1; [ $x = 1 ] && echo one; [ $x = 2 ] && echo two; echo end
#%%
set -n; echo no
#%%
set -v; echo a
#%%
set -v
echo a
set +v
echo b
#%%
set -a; x=5; env | grep '^x='
#%%
set -o errexit; false; echo no
#%%
set -o nosuch; echo after
#%%
set -Q; echo after
#%%
set +o | grep errexit
#%%
set -eu; set +e +u; echo $nope ok
#%%
false; echo $?; true; echo $?
#%%
x=5 false; echo $?
#%%
: ; echo $?
#%%
false; :; echo $?
#%%
! :; echo $?
#%%
if false; then :; fi; echo $?
#%%
if true; then false; fi; echo $?
#%%
while false; do :; done; echo $?
#%%
for i in; do :; done; echo $?
#%%
false; for i in; do :; done; echo $?
#%%
for i in 1; do false; done; echo $?
#%%
{ false; }; echo $?
#%%
false; x=1; echo $?
#%%
false; f() { :; }; echo $?
#%%
(false; true); echo $?
#%%
kill -9 $$
#%%
sh -c 'kill -9 $$'; echo $?
#%%
sh -c 'kill -TERM $$'; echo $?
#%%
sh -c 'exit 42'; echo $?
#%%
sh -c 'nosuch'; echo $?
#%%
sh -c 'echo $0 $1' name arg
#%%
sh -c 'echo $# $@' a b c
#%%
sh -ec 'false; echo no'; echo $?
#%%
sh -c 'if'; echo $?
#%%
sh nofile; echo $?
#%%
echo 'echo $0 $1 $#' >s; sh s a b
#%%
printf 'echo a\nnosuch\necho $LINENO\n' >s; sh s
#%%
printf 'echo a\nif\nfi\n' >s; sh s; echo $?
#%%
printf 'cd /nonexistent\nx=1\nreadonly x\nx=2\necho no\n' >s; sh s; echo $?
#%%
echo 'echo in $1' >s; chmod +x s; ./s arg
#%%
printf '#!/bin/sh\necho bang $1\n' >s; chmod +x s; ./s arg
#%%
printf '#!/nosuch\n' >s; chmod +x s; ./s; echo $?
#%%
echo 'echo stdin $1' | sh -s arg
#%%
echo 'echo a
echo b' | sh
#%%
echo 'exit 3; echo no' | sh; echo $?
#%%
printf 'read x\nnosuchvalue\necho $x\n' | sh
#%%
sh -c ''; echo $?
#%%
sh -c '
echo lines

nosuch
'
#%%
sh -x -c 'echo a'
#%%
sh -u -c 'echo $nope; echo no'; echo $?
#%%
sh -c 'echo $-' | tr -d 'c' 
#%%
sh -f -c 'echo *'
#%%
sh -o noglob -c 'echo *'
#%%
sh -Z; echo $?
