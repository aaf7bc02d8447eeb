(x=1; echo $x); echo "[$x]"
#%%
{ x=1; echo $x; }; echo "[$x]"
#%%
(cd /; pwd); [ "$(pwd)" = / ] || echo stayed
#%%
(exit 3) || echo $?
#%%
( (echo nested) )
#%%
((echo tight); echo two)
#%%
if true; then echo a; else echo b; fi
#%%
if false; then echo a; elif false; then echo b; else echo c; fi
#%%
if false; then echo a; elif true; then echo b; else echo c; fi
#%%
if true && false; then echo a; else echo b; fi
#%%
if echo cond; false; then echo a; else echo b; fi
#%%
if (true); then echo sub; fi
#%%
if { true; }; then echo group; fi
#%%
if ! false; then echo neg; fi
#%%
if true; then if false; then echo; else echo inner; fi; fi
#%%
for i in 1 2 3; do echo $i; done
#%%
for i in a 'b c' "d  e"; do echo "[$i]"; done
#%%
x='1 2'; for i in $x 3; do echo $i; done
#%%
for i in $(echo a b); do echo $i; done
#%%
set -- p q; for i; do echo $i; done
#%%
set -- p q; for i
do echo $i; done
#%%
for i in 1 2; do for j in a b; do echo $i$j; done; done
#%%
for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
#%%
for i in 1 2 3; do [ $i = 2 ] && break; echo $i; done
#%%
for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done
#%%
for i in 1 2; do for j in a b; do break 2; done; echo no; done; echo out
#%%
for i in 1 2; do break 5; done; echo out
#%%
for i in 1; do break 0; done; echo after
#%%
for i in 1; do break x; done; echo after
#%%
break; echo $?
#%%
continue; echo $?
#%%
for i in 1 2; do (break; echo sub); echo $i; done
#%%
f() { break; }; for i in 1 2; do f; echo $i; done
#%%
for i in 1 2; do :; done; echo $i
#%%
i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done
#%%
i=0; until [ $i -ge 3 ]; do echo $i; i=$((i+1)); done
#%%
while true; do echo once; break; done
#%%
while :; do while :; do break 2; done; done; echo out
#%%
while false; do :; done; echo $?
#%%
while echo c; false; do :; done
#%%
i=0; while i=$((i+1)); [ $i -le 2 ]; do echo $i; done
#%%
while read x; do echo $x; done <<E
a
b
E
#%%
until false; do break; done; echo $?
#%%
for i in a; do echo $i; done | cat
#%%
for i in a b; do echo $i; done > f; cat f
#%%
while read a b; do echo "$b-$a"; done <<E
1 2
3 4 5
E
#%%
f() { echo $1 $# $@; }; f a b; f
#%%
f() { echo $0 | tr -d '/'; }; f
#%%
f() { set -- x y; echo $1; }; set -- a; f; echo $1
#%%
f() { x=in; }; x=out; f; echo $x
#%%
f() { local x=in; echo $x; }; x=out; f; echo $x
#%%
f() { local x; echo "[$x]"; }; x=out; f; echo $x
#%%
f() { local x=1 y=2; g; }; g() { echo $x $y; }; f; echo "[$x]"
#%%
f() { local x y; x=1; y=2; echo $x $y; }; f; echo "[$x$y]"
#%%
local x; echo no
#%%
f() { local x=$(false); echo $?; }; f
#%%
f() { local IFS=:; x=a:b; echo $x; }; f; x=a:b; echo $x
#%%
f() { return 3; }; f; echo $?
#%%
f() { return 3; echo no; }; f || echo $?
#%%
f() { for i in 1 2; do return $i; done; }; f; echo $?
#%%
f() { (return 3); echo $?; }; f
#%%
f() { echo a | return 3; echo $?; }; f
#%%
f() { return 256; }; f; echo $?
#%%
f() { return x; }; f; echo after $?
#%%
f() { echo first; }; f() { echo second; }; f
#%%
f() { f() { echo inner; }; }; f; f
#%%
f() { g() { echo g; }; }; f; g
#%%
f() { echo $1; [ $1 -gt 0 ] && f $(($1-1)); }; f 3
#%%
fact() { [ $1 -le 1 ] && echo 1 || echo $(($1 * $(fact $(($1-1))))); }; fact 6
#%%
f() { echo a; }; unset -f f; f; echo $?
#%%
f() { echo a; }; unset f; f; echo $?
#%%
x=5; f() { echo $x; }; x=6 f; echo $x
#%%
f() { x=7; }; x=6 f; echo "[$x]"
#%%
f() { cat; }; echo in | f
#%%
f() { echo err >&2; }; f 2>/dev/null; echo quiet
#%%
f() { exit 3; }; (f); echo $?
#%%
f() { shift; echo $1; }; f a b; echo $#
#%%
f() { :; }; f; echo $?
#%%
f() { false; }; f; echo $?
#%%
echo() { printf 'my %s\n' "$*"; }; echo a; command echo b
#%%
cd() { echo mycd; }; cd /; command cd /; pwd
#%%
f() while read x; do echo "<$x>"; done; echo q | f
#%%
f() for i in 1; do echo $i; done; f
#%%
f() { echo "$@"; }; f "a b" 'c'
#%%
f() { echo $#; }; f "" '' "a b"
#%%
f() { local a=$1; shift; echo $a "$@"; }; f 1 2 3
#%%
f () ( x=sub; echo $x ); x=top; f; echo $x
#%%
true && echo a && echo b; false || echo c
#%%
true || echo a && echo b
#%%
false && echo a || echo b
#%%
false || false || echo c
#%%
true && false || echo c
#%%
echo a; echo b; echo c
#%%
echo a &
wait; echo b
#%%
false & wait $!; echo $?
#%%
(exit 3) & wait $!; echo $?
#%%
(exit 3) & p=$!; (exit 4) & wait $p; echo $?
#%%
true & false & wait; echo $?
#%%
wait; echo $?
#%%
wait 999999; echo $?
#%%
x=1 & wait; echo "[$x]"
#%%
{ echo bg; } & wait
#%%
sleep 0 & echo started; wait; echo done
#%%
sleep 1 & kill $!; wait $!; echo $?
#%%
sleep 1 & kill -9 $!; wait $! 2>/dev/null; echo $?
#%%
sleep 1 & kill -0 $! && echo alive; kill $!
#%%
echo a | cat & wait
#%%
(sleep 0; echo slow) | cat
#%%
x=a; case $x in a) x=b;; b) x=c;; esac; echo $x
#%%
case a in b) echo no;; esac; echo $?
#%%
case a in *) echo any; false;; esac; echo $?
#%%
case "a b" in "a b") echo sp;; esac
#%%
case a in a) ;; esac; echo $?
#%%
case $# in 0) echo none;; esac
#%%
case x in [a-z]) echo low;; [A-Z]) echo up;; esac
#%%
while true; do case x in x) break;; esac; done; echo out
#%%
if true; then echo a; fi | cat
#%%
if true; then exit 3; fi; echo no
#%%
i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done; echo $i
#%%
for i in 1 2 3; do for j in 1 2 3; do [ $j = 2 ] && continue; [ $i = 2 ] && continue 2; echo $i$j; done; done
#%%
a=1; { a=2; (a=3; echo $a); echo $a; }; echo $a
#%%
for x in "$@"; do echo $x; done; echo none
#%%
if [ -z "$nope" ]; then echo empty; fi
#%%
while getopts ab:c o -a -b val -c; do echo $o $OPTARG; done; echo $OPTIND
