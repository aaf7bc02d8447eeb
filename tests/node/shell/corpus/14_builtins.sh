: a b c; echo $?
#%%
true; echo $?; false; echo $?
#%%
echo -n a; echo b
#%%
echo a\\nb
#%%
echo -e 'a\tb'
#%%
echo -n
#%%
echo
#%%
echo '' a
#%%
echo -- a
#%%
echo -x
#%%
echo 'a\cb'; echo c
#%%
echo '\101 \0101'
#%%
printf 'a\n'
#%%
printf '%s\n' a b c
#%%
printf '%s %s\n' a b c
#%%
printf '%d %i %u\n' 1 -2 3
#%%
printf '%x %X %o\n' 255 255 8
#%%
printf '%#x %#o\n' 255 8
#%%
printf '%5d|%-5d|%05d|%+d\n' 42 42 42 42
#%%
printf '%s|%5s|%-5s|%.2s\n' abc abc abc abc
#%%
printf '%c%c\n' abc def
#%%
printf '%f %.2f %e %g\n' 1.5 2.345 12345.678 0.0001
#%%
printf '%%\n'
#%%
printf '%b\n' 'a\tb\\'
#%%
printf '%b' 'a\cb'; echo
#%%
printf 'a\tb\\n\n'
#%%
printf '\101\060\n'
#%%
printf '%s\n'
#%%
printf '%d\n'
#%%
printf '%d\n' abc; echo $?
#%%
printf '%d\n' 12abc; echo $?
#%%
printf '%d\n' 0x1f 010
#%%
printf '%d\n' "'a" '"b'
#%%
printf '%*d|%-*d|\n' 5 42 5 42
#%%
printf '%.*s\n' 2 abcdef
#%%
printf; echo $?
#%%
printf 'no newline'
#%%
printf '%s' a b c; echo
#%%
printf '%z\n'; echo $?
#%%
printf '%s %d\n' a 1 b 2
#%%
printf -- '-a\n'
#%%
printf 'a%'; echo $?
#%%
printf '%5%|\n'
#%%
printf '[%5s][%-5s]\n' é é
#%%
printf '%s\n' "a
b"
#%%
test a = a; echo $?; test a = b; echo $?
#%%
[ a != b ]; echo $?
#%%
[ a ]; echo $?; [ "" ]; echo $?; [ ]; echo $?
#%%
[ -n a ]; echo $?; [ -n "" ]; echo $?; [ -z "" ]; echo $?
#%%
[ 1 -eq 1 ]; echo $?; [ 1 -ne 1 ]; echo $?
#%%
[ 1 -lt 2 ] && [ 2 -gt 1 ] && [ 1 -le 1 ] && [ 1 -ge 1 ]; echo $?
#%%
[ -f /etc/passwd ]; echo $?; [ -d /etc ]; echo $?; [ -e /nope ]; echo $?
#%%
touch f; [ -s f ]; echo $?; echo a >f; [ -s f ]; echo $?
#%%
touch f; [ -r f ] && [ -w f ] && echo rw; [ -x f ]; echo $?; chmod +x f; [ -x f ]; echo $?
#%%
ln -s x l; [ -L l ]; echo $?; [ -h l ]; echo $?; [ -e l ]; echo $?
#%%
[ ! a ]; echo $?; [ ! "" ]; echo $?; [ ! a = b ]; echo $?
#%%
[ a = a -a b = b ]; echo $?; [ a = b -o b = b ]; echo $?
#%%
[ \( a = a \) ]; echo $?; [ \( a = b \) -o a = a ]; echo $?
#%%
[ a = ]; echo $?
#%%
[ = a ]; echo $?
#%%
[ a b ]; echo $?
#%%
[ a b c ]; echo $?
#%%
[ a b c d ]; echo $?
#%%
[ a = b; echo $?
#%%
[ 1 -eq a ]; echo $?
#%%
[ a -eq 1 ]; echo $?
#%%
[ 1 -eq ]; echo $?
#%%
[ "" -eq 1 ]; echo $?
#%%
[ -f ]; echo $?
#%%
[ -n ]; echo $?; [ ! ]; echo $?; [ = ]; echo $?
#%%
[ -d a b ]; echo $?
#%%
[ -Q a ]; echo $?
#%%
[ ' 5 ' -eq 5 ]; echo $?
#%%
[ 010 -eq 10 ]; echo $?
#%%
[ -t 0 ]; echo $?
#%%
[ b \> a ]; echo $?; [ a \< b ]; echo $?
#%%
touch a; [ a -nt nope ]; echo $?; [ a -ef a ]; echo $?
#%%
[ a == a ]; echo $?
#%%
test; echo $?
#%%
test -z; echo $?
#%%
test "(" = "("; echo $?
#%%
test ! ! a; echo $?
#%%
[ -p /dev/null ]; echo $?; [ -c /dev/null ]; echo $?
#%%
cd /; pwd; cd /etc; pwd; cd -; pwd
#%%
cd /nonexistent; echo $?
#%%
cd /etc/passwd; echo $?
#%%
cd /etc; cd ..; pwd
#%%
mkdir -p a/b; cd a/b; cd ../..; [ -d a ] && echo back
#%%
mkdir d; ln -s d l; cd l; case $PWD in */l) echo logical;; esac; case $(pwd -P) in */d) echo phys;; esac
#%%
cd / && cd etc && pwd
#%%
cd //; pwd; cd /etc//../usr; pwd
#%%
HOME=/; cd; pwd
#%%
unset HOME; cd; echo $?
#%%
mkdir -p x/d; CDPATH=x; cd d | sed 's,.*/x,x,'
#%%
cd /; echo $PWD $OLDPWD | wc -w
#%%
cd "" ; echo $?
#%%
cd a b; echo $?
#%%
export X=1; env | grep '^X='
#%%
X=1; export X; env | grep '^X='
#%%
X=1; env | grep '^X='; echo $?
#%%
X=5 env | grep '^X='; echo "[$X]"
#%%
export X; echo $?; env | grep '^X='; echo $?
#%%
export X=1; X=2; env | grep '^X='
#%%
export X=1; unset X; env | grep '^X='; echo $?
#%%
export A=1 B="x y"; export | grep -E '^export (A|B)='
#%%
export A='it'\''s'; export -p | grep A=
#%%
export 1x=5; echo no
#%%
export a-b; echo no
#%%
x='a b'; export y=$x; echo "$y"
#%%
x=1; readonly x; x=2; echo no
#%%
readonly x=1; (x=2); echo $?
#%%
readonly x=1; unset x; echo no
#%%
readonly x=1; readonly | grep 'x='
#%%
readonly x=1; export x; env | grep '^x='
#%%
readonly x=1; read x <<E
2
E
echo no
#%%
readonly x=1; for x in 2; do :; done; echo no
#%%
readonly x=1; x=2 true; echo after
#%%
readonly x=1; f() { local x=2; echo $x; }; f; echo after
#%%
unset nope; echo $?
#%%
unset 1x; echo no
#%%
unset -v x; echo $?
#%%
unset -Q x; echo no
#%%
x=1 y=2; unset x y; echo "[$x$y]"
#%%
set a b c; echo $1 $#; set --; echo $#
#%%
x='q q'; set | grep '^x='
#%%
x="it's"; set | grep '^x='
#%%
x=; set | grep '^x='
#%%
read x <<E
hello world
E
echo "[$x]"
#%%
read x y <<E
hello big world
E
echo "[$x][$y]"
#%%
read x y z <<E
a b
E
echo "[$x][$y][$z]"
#%%
read x <<'E'
a\b\\c
E
echo "$x"
#%%
read -r x <<'E'
a\b\\c
E
printf '%s\n' "$x"
#%%
read x <<'E'
a\
b
E
echo "$x"
#%%
read x <<E
   lead  mid   
E
echo "[$x]"
#%%
IFS= read x <<E
   lead  
E
echo "[$x]"
#%%
IFS=: read a b c <<E
x:y:z:w
E
echo "[$a][$b][$c]"
#%%
IFS=: read a b <<E
x::y
E
echo "[$a][$b]"
#%%
IFS=: read a <<E
x:
E
echo "[$a]"
#%%
IFS=: read a b <<E
x:y:
E
echo "[$a][$b]"
#%%
IFS=', ' read a b c <<E
1 , 2,3
E
echo "[$a][$b][$c]"
#%%
read x </dev/null; echo $? "[$x]"
#%%
printf 'no newline' | { read x; echo $? $x; }
#%%
printf 'a b\n' | { read x; read y; echo $? "[$x][$y]"; }
#%%
read; echo $?
#%%
read 1x </dev/null; echo $?
#%%
printf 'a\nb\n' >f; { read x; read y; } <f; echo $x $y
#%%
printf 'a\nb\nc\n' >f; { read x; cat; } <f
#%%
echo 'a b' | while read x y; do echo $y; done
#%%
read -p prompt x </dev/null; echo $?
#%%
getopts ab: x -a; echo $? $x $OPTIND
#%%
getopts ab: x -b val; echo $? $x $OPTARG $OPTIND
#%%
getopts ab: x -bval; echo $? $x $OPTARG $OPTIND
#%%
getopts ab: x -b; echo $? $x $OPTIND
#%%
getopts ab: x -z; echo $? $x $OPTIND
#%%
getopts :ab: x -z; echo $? $x $OPTARG
#%%
getopts :ab: x -b; echo $? $x $OPTARG
#%%
getopts a x arg; echo $? $x $OPTIND
#%%
getopts a x --; echo $? $x $OPTIND
#%%
set -- -ab v -c rest; while getopts ab:c o; do echo $o $OPTARG; done; shift $((OPTIND-1)); echo $@
#%%
set -- -abc; while getopts abc o; do echo $o $OPTIND; done; echo $OPTIND
#%%
set -- -a -b; while getopts ab o; do echo $o; done; OPTIND=1; while getopts ab o; do echo again $o; done
#%%
getopts; echo $?
#%%
umask 022; umask; umask -S
#%%
umask 077; touch f; ls -l f | cut -c1-10
#%%
umask u=rwx,g=rx,o=; umask
#%%
umask zz; echo $?
#%%
umask 999; echo $?
#%%
type cd; type nosuch; echo $?
#%%
type if; f() { :; }; type f
#%%
type echo; type :; type export
#%%
command -v cd; command -v if; command -v nosuch; echo $?
#%%
f() { :; }; command -v f
#%%
command -V cd; command -V nosuch; echo $?
#%%
command echo a; command nosuch; echo $?
#%%
command; echo $?
#%%
command exit 3; echo no
#%%
command : >/dev/null; echo $?
#%%
command readonly x=1; command x=2; echo $?
#%%
command . ./nofile; echo after $?
#%%
command eval false; echo $?
#%%
exec echo replaced; echo no
#%%
exec nosuch; echo no
#%%
(exec nosuch); echo $?
#%%
(exec echo sub); echo after
#%%
exec; echo $?
#%%
exec sh -c 'exit 3'
#%%
x=5 exec sh -c 'echo $x'
#%%
exec /; echo no
#%%
hash nosuch; echo $?
#%%
hash; echo $?
#%%
times | wc -l
#%%
alias x; echo $?
#%%
unalias x; echo $?
#%%
jobs; echo $?
#%%
fg; echo $?
#%%
bg; echo $?
#%%
fg %1; echo $?
#%%
wait %1; echo $?
#%%
eval 'echo $((1+1))' "; echo b"
#%%
x=1; eval y=\$x; echo $y
#%%
eval "f() { echo evald; }"; f
#%%
eval 'x=1
echo $x'
#%%
pwd extra >/dev/null; echo $?
#%%
shift x; echo after
#%%
set -- a b; shift 1; echo $1
#%%
return; echo no
#%%
command -p echo p
#%%
builtin echo a; echo $?
#%%
source ./nofile; echo $?
#%%
let x=1+2; echo $? $x
#%%
type -t cd; echo $?
#%%
echo $PPID | grep -c '^[0-9]*$'
#%%
echo $OPTIND
#%%
x=5; x=6 :; echo $x
#%%
x=5; x=6 true; echo $x
#%%
x=6 eval 'echo $x'; echo $x
#%%
x=6 export y; echo $x
#%%
IFS=: set -- a:b; echo $#
#%%
a=1 b=$a sh -c 'echo $a $b'
#%%
PATH=/nonexistent; ls; echo $?
#%%
PATH=/nonexistent ls; echo $?
#%%
nosuch() { echo found; }; nosuch
#%%
test() { echo mytest; }; test; [ a ]; echo $?
#%%
true() { false; }; true; echo $?
#%%
unset PATH; nosuch; echo $?
#%%
sh -c 'exit 1' || echo failed
#%%
chdir /; pwd; echo $?
#%%
echo a b | tr ' ' '\n' | sort -r | head -n 1
#%%
seq 3 | while read n; do echo n$n; done
#%%
seq 1 5 | tail -n 2 | tr '\n' ,; echo
#%%
printf 'c\na\nb\n' | sort
#%%
basename /a/b/c.txt .txt; dirname /a/b/c
#%%
x=$(basename /a/b); echo $x
#%%
expr 1 + 2; expr a : 'a'
#%%
cut -d: -f1 <<E
a:b
E
#%%
mkdir -p p/q && ls p; rmdir p/q p && echo gone
