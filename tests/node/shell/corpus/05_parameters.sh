set -- a b c; echo $# $1 $2 $3 $*
#%%
set -- a b c; for i in "$@"; do echo "<$i>"; done
#%%
set -- "a b" c; for i in $@; do echo "<$i>"; done
#%%
set -- "a b" c; for i in $*; do echo "<$i>"; done
#%%
set -- "a b" c; for i in "$*"; do echo "<$i>"; done
#%%
set -- a b; IFS=,; echo "$*" $*
#%%
set -- a b; IFS=; echo "$*"
#%%
set -- a b; unset IFS; echo "$*"
#%%
set --; for i in "$@"; do echo "<$i>"; done; echo none $#
#%%
set -- ; echo "x$@y"
#%%
set -- a b; echo "x$@y"
#%%
set -- a b; for i in "x$@y"; do echo "<$i>"; done
#%%
set -- 1 2 3 4 5 6 7 8 9 10 11; echo $10 ${10} ${11}
#%%
echo $0
#%%
echo $$ | tr 0-9 n | tr -s n
#%%
echo "[$!]"
#%%
false; echo $?; echo $?
#%%
true; echo $?
#%%
(exit 7); echo $?
#%%
set -e; set -u; echo $-
#%%
echo "$-" | tr -d 'shBc'
#%%
x=1; unset x; echo "[$x]" "${x-unset}"
#%%
x=; echo "[$x]" "${x-unset}" "${x:-null}"
#%%
set -- a b c; shift; echo $# $1; shift 2; echo $#
#%%
set -- a; shift 2; echo after
#%%
shift; echo $?
#%%
set -- a b; set -- ; echo $#
#%%
set a b c; echo $2
#%%
set -- -x; echo $1
#%%
set - a b; echo $# $1
#%%
echo $LINENO
#%%
echo ${#}
#%%
set -- a b; echo ${#} ${#1}
#%%
x=hello; echo ${#x}
#%%
x=héllo; echo ${#x}
#%%
x=; echo ${#x} ${#y}
#%%
echo ${x:-default} ${x-default}
#%%
echo ${x:=assigned}; echo $x
#%%
x=; echo ${x:=assigned} ${x=no}; echo $x
#%%
x=set; echo ${x:+alt} ${x+alt} "[${y:+alt}]" "[${y+alt}]"
#%%
x=; echo "[${x:+alt}]" "[${x+alt}]"
#%%
echo ${x:?}; echo no
#%%
echo ${x?}; echo no
#%%
echo ${x:?custom message}; echo no
#%%
x=; echo ${x?ok} fine; echo ${x:?bad}
#%%
(echo ${x?sub}); echo $?
#%%
x=${y:?assign}; echo no
#%%
echo ${x:-$(echo sub)} ${x:-`echo back`} ${x:-$((1+2))}
#%%
echo ${x:-${y:-${z:-deep}}}
#%%
echo "${x:-"a  b"}" ${x:-"a  b"} ${x:-a  b}
#%%
x=file.tar.gz; echo ${x%.*} ${x%%.*} ${x#*.} ${x##*.}
#%%
x=/usr/local/bin; echo ${x##*/} ${x%/*} ${x#/} ${x%%/*}
#%%
x=aaa; echo ${x#a} ${x##a} ${x#a*} "[${x##a*}]" ${x%a} ${x%%a}
#%%
x='a*b'; echo "${x#a\*}" "${x#'a*'}" "${x%"*b"}"
#%%
x=abc; y='*'; echo "[${x#$y}]" "[${x##$y}]" "[${x#"$y"}]"
#%%
x=abc; echo ${x#[ab]} ${x#[!a]} ${x##[a-b]*} ${x#?} ${x%?}
#%%
x=abcabc; echo ${x#*b} ${x##*b} ${x%b*} ${x%%b*}
#%%
x=a/b/c; echo ${x%/*/*} ${x#*/*/}
#%%
x='}'; echo ${x#\}} "[${x#'}'}]"
#%%
x=1; echo ${x}y $xy ${x}
#%%
echo ${}
#%%
echo ${x!}
#%%
echo ${1x}
#%%
echo ${-}x | tr -d 'shBc'
#%%
x='a b'; set -- $x; echo $#
#%%
x='a b'; set -- "$x"; echo $#
#%%
x=' a b '; set -- $x; echo $# "$1" "$2"
#%%
x="a	b
c"; set -- $x; echo $#
#%%
IFS=:; x=a:b:c; set -- $x; echo $# $1
#%%
IFS=:; x=:a::b:; set -- $x; echo $#; for i; do echo "[$i]"; done
#%%
IFS=' :'; x='a : b: c :d'; set -- $x; echo $#; for i; do echo "[$i]"; done
#%%
IFS=' ,'; x=',a, ,b ,'; set -- $x; echo $#; for i; do echo "[$i]"; done
#%%
IFS=; x='a b'; set -- $x; echo $#
#%%
IFS=ab; x=1a2b3; echo $x
#%%
IFS=-; x=a-b; echo $x "$x"
#%%
x=a-b; IFS=-; y=$x; echo "$y"
#%%
x='a b'; y=$x; echo "$y"
#%%
set -- a b; y=$@; echo "$y"; y="$*"; echo "$y"
#%%
set -- "a  b" c; y=$*; echo "$y"
#%%
set -f; echo *; set +f
#%%
x='*'; set -f; echo $x
#%%
PS4='> '; set -x; echo a
#%%
set -x; x=1 y=2; echo $x; set +x; echo off
#%%
set -x; for i in 1 2; do echo $i; done
#%%
set -x; if [ a = b ]; then echo; else echo "q q"; fi
#%%
set -x; f() { echo in; }; f arg; x=1 f
#%%
set -x; case a in a) echo m;; esac
#%%
set -x; echo "$(echo sub)"
#%%
set -x; (echo s); { echo g; }; echo r >/dev/null
#%%
set -u; echo $nope; echo no
#%%
set -u; echo ${nope:-ok} ${nope-ok} ${nope+no}; echo $# "$@" $*
#%%
set -u; echo ${#nope}; echo no
#%%
set -u; (echo $nope); echo $?
#%%
set -u; echo $1; echo no
#%%
set -u; echo $((nope)); echo no
#%%
set -u; x=; echo "[$x]"
#%%
x=abc; echo ${x:-$nope}${nope}
#%%
unset x; : ${x:=5}; echo $x
#%%
: ${1:=5}; echo no
#%%
readonly r=1; echo ${r:=2}; echo $r
#%%
x='a b'; echo ${y:-$x} "${y:-$x}"
#%%
set -- ${x:-a b} "${x:-c d}"; echo $#
#%%
set -- ${x:-'a b' c}; echo $# "$1"
#%%
x='1 2 3'; for i in $x; do echo n$i; done
#%%
x=~; [ "$x" = "$HOME" ] && echo home
#%%
[ ~ = "$HOME" ] && echo home; echo "~" '~' \~ a~
#%%
x=~/a:~/b; [ "$x" = "$HOME/a:$HOME/b" ] && echo both
#%%
HOME=/h; echo ~ ~/x ~/ "~/x" x~ ~nosuchuser
#%%
HOME=/h; x=~; echo $x; x=a:~; echo $x; echo a:~ x=~
#%%
HOME='/a b'; set -- ~; echo $# "$1"
