echo a >f; cat f
#%%
echo a >f; echo b >>f; cat f
#%%
echo a >f; cat <f
#%%
echo a >f; cat 0<f
#%%
{ echo out; echo err >&2; } 2>e >o; cat o; echo --; cat e
#%%
{ echo out; echo err >&2; } >o 2>&1; cat o
#%%
{ echo out; echo err >&2; } 2>&1 >o | cat; echo --; cat o
#%%
echo a 1>f 2>&1; cat f
#%%
exec 3>f; echo three >&3; exec 3>&-; cat f
#%%
exec 3>f; echo x >&3; exec 3>&-; echo y >&3; echo $?
#%%
exec 3<<E
doc line
E
read x <&3; echo $x
#%%
echo a b >f; read x y <f; echo $y $x
#%%
cat <<E
a $((1+1)) $(echo s) `echo b`
E
#%%
x=v; cat <<E
$x "$x" '$x' \$x \\ \a ${x}y
E
#%%
x=v; cat <<'E'
$x \$x `no`
E
#%%
x=v; cat <<\E
$x
E
#%%
x=v; cat <<"E"
$x
E
#%%
cat <<-E
	a
		b
	E
#%%
cat <<A <<B
a
A
b
B
#%%
cat <<A; cat <<B
a
A
b
B
#%%
cat <<E | tr a-z A-Z
piped
E
#%%
cat <<E && echo after
x
E
#%%
while read l; do echo "<$l>"; done <<E
one
 two  three 
E
#%%
f() { cat; }; f <<E
func
E
#%%
if true; then cat <<E
in if
E
fi
#%%
cat <<E
no end
#%%
cat <<E
a\
b
E
#%%
cat <<'E'
a\
b
E
#%%
cat <<E
E
echo empty
#%%
cat << E
space
E
#%%
cat <<"a b"
x
a b
#%%
cat <nofile; echo $?
#%%
echo x >/nonexistent/f; echo $?
#%%
echo x >/; echo $?
#%%
: <nofile; echo after
#%%
: >/nonexistent/f; echo after
#%%
eval 'echo x' <nofile; echo after
#%%
echo a <nofile; echo $?
#%%
{ echo a; } <nofile; echo $?
#%%
(echo a) <nofile; echo $?
#%%
while true; do echo a; break; done <nofile; echo $?
#%%
f() { echo a; }; f <nofile; echo $?
#%%
exec <nofile; echo after
#%%
exec 5<nofile; echo after
#%%
true <nofile || echo failed
#%%
if true <nofile; then echo t; else echo f; fi
#%%
x=1 >f; echo $x; ls f
#%%
>f; [ -f f ] && echo made
#%%
echo hi >&1; echo hi 1>&1
#%%
echo hi >&9; echo $?
#%%
echo hi 2>&9; echo $?
#%%
echo hi >&-; echo $?
#%%
set -C; echo a >f; echo b >f; echo $?; cat f
#%%
set -C; echo a >f; echo b >|f; cat f
#%%
set -C; echo a >f; echo b >>f; cat f
#%%
set -C; echo a >/dev/null; echo $?
#%%
echo ab >f; exec 3<>f; read x <&3; echo $x; exec 3>&-
#%%
echo a >'f g'; cat 'f g'
#%%
x='f g'; echo a >$x; ls
#%%
x=f; echo a >$x; cat f
#%%
echo a >f1 >f2; cat f1; echo --; cat f2
#%%
echo a >f <f; cat f
#%%
cat <f >f; echo $?
#%%
for i in 1 2; do echo $i; done >f; cat f
#%%
if true; then echo a; fi >f; cat f
#%%
case a in a) echo c;; esac >f; cat f
#%%
{ echo a; echo b; } >f; cat f
#%%
(echo a; echo b) >f; cat f
#%%
f() { echo in; } >f; f; cat f
#%%
f() { echo $1; }; f x >f; cat f
#%%
echo a 3>&1 >&3
#%%
{ echo a >&3; } 3>&1
#%%
exec 4>&1; echo a >&4; exec 4>&-
#%%
exec 3>&1; x=$(echo out; echo side >&3); echo "[$x]"
#%%
echo foo | { read x; echo got $x; }
#%%
echo foo | read x; echo "[$x]"
#%%
printf 'a\nb\nc\n' | while read x; do echo $x; done
#%%
printf 'a\nb' | while read x; do echo $x; done; echo end
#%%
printf 'a\nb' | { read x; read y; echo $? $x $y; }
#%%
echo a | cat | cat | cat
#%%
echo a | (cat; echo b)
#%%
true | false; echo $?
#%%
false | true; echo $?
#%%
exit 3 | true; echo $?
#%%
x=1 | x=2; echo "[$x]"
#%%
! true | false; echo $?
#%%
yes | head -n 2
#%%
echo err >&2 | cat >/dev/null
#%%
nosuchcmd | cat; echo $?
#%%
echo a | nosuchcmd; echo $?
#%%
echo a & wait
#%%
(echo a >&2) 2>f; cat f
#%%
echo a >f; echo b 1<>f; cat f
#%%
cat </dev/null; echo $?
#%%
echo x > f; cat < f > g; cat g
#%%
read x </dev/null; echo $?
#%%
exec >f; echo hidden; exec >&2; cat f
#%%
exec 2>&1; nosuchcmd; echo $?
#%%
nosuchcmd 2>/dev/null; echo $?
#%%
echo 1>f 2; cat f
#%%
echo a>f b; cat f
#%%
2>&1 echo lead; >f echo lead; cat f
#%%
cd /nope 2>/dev/null; echo $?
#%%
cd /nope 2>err || echo failed; cat err
#%%
fg 2>/dev/null; echo $?; kill 99999999 2>/dev/null; echo $?
#%%
f() { cd /nope; }; f 2>/dev/null; echo $?
#%%
if cd /nope 2>/dev/null; then echo there; else echo not there; fi
#%%
. ./nope 2>/dev/null; echo not reached
#%%
(shift 5 2>/dev/null; echo not reached); echo $?
#%%
unset x; (: ${x:?gone} 2>err); [ -e err ]; echo $?
#%%
readonly r=1; (unset r 2>/dev/null; echo $?); echo end
#%%
command . ./nope 2>/dev/null; echo $?
