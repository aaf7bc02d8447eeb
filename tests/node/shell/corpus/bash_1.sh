a=(1 2 3); echo ${a[0]} ${a[1]} ${#a[@]} ${a[@]} $a
#%%
a=(x y z); for i in "${a[@]}"; do echo "<$i>"; done; echo "${a[*]}" ${!a[@]}
#%%
a=(1 2); a+=(3); a[5]=9; echo ${a[@]} ${!a[@]} ${#a[@]}; unset 'a[1]'; echo ${a[@]}
#%%
a=("x y" z); echo "${#a[0]}" "${a[-1]}" "${a[@]:1}" "${a[@]/x/X}"
#%%
declare -A m; m[k]=v; m[two]=2; echo ${m[k]} ${#m[@]}; for k in "${!m[@]}"; do echo $k; done | sort
#%%
declare -A m=([a]=1 [b]=2); echo ${m[a]}${m[b]}; [[ -v m[a] ]] && echo has
#%%
x=hello; echo ${x:1} ${x:1:3} ${x: -3} ${x:0:-1} ${x^} ${x^^} ${x/l/L} ${x//l/L} ${x/#he/HE} ${x/%lo/LO}
#%%
x=HELLO; echo ${x,} ${x,,} ${x,,[HL]}
#%%
x=y; y=val; echo ${!x}; foo1=a foo2=b; echo ${!foo*}
#%%
[[ abc == a* ]] && echo glob; [[ abc == "a*" ]] || echo lit; [[ a < b ]] && echo lt
#%%
[[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[0]} ${BASH_REMATCH[1]}
#%%
[[ -n x && ( -z "" || 1 -eq 2 ) ]] && echo yes; [[ ! a = b ]]; echo $?
#%%
x="a b"; [[ $x = "a b" ]] && echo nosplit; [[ -z $nope ]]; echo $?
#%%
[[ 1 -lt 2 ]]; echo $?; [[ 5 -gt 3+3 ]]; echo $?; [[ a == b ]]; echo $?
#%%
((1+1)); echo $?; ((0)); echo $?; ((x=5)); echo $x; ((x++)); echo $x
#%%
for ((i=0;i<3;i++)); do echo $i; done
#%%
for ((;;)); do break; done; echo out
#%%
echo {a,b,c} {1..5} {5..1} {a..e} x{1,2}y {1..10..3} {01..03} {a,b}{c,d} {a} {} {a,} "{a,b}"
#%%
echo $((2**10)) $((7,8)) $((x=3,x*2)) $((16#ff)) $((2#101))
#%%
cat <<< "here string"; cat <<< $x; x="a b"; cat <<< $x
#%%
echo a &> f; cat f; { echo o; echo e >&2; } &> f; cat f; echo b &>> f; wc -l < f
#%%
{ echo o; echo e >&2; } |& cat
#%%
set -o pipefail; false | true; echo $?; true | true; echo $?
#%%
false | true | false; echo ${PIPESTATUS[@]}
#%%
function f { echo fn $1; }; f a; function g() { echo gg; }; g
#%%
f() { local -i n=3+4; echo $n; local a=(1 2); echo ${#a[@]}; }; f
#%%
declare -i n=2*3; echo $n; n=4+4; echo $n; declare -r c=1; echo $c; declare -p n
#%%
declare -x E=1; env | grep ^E=; declare -p E; x='a b'; declare -p x; a=(1 "2 3"); declare -p a
#%%
let x=1+2 y=x*2; echo $x $y; let 0; echo $?
#%%
printf -v v '%03d' 7; echo $v; printf '%q\n' "a b" "it's" ''
#%%
read -a arr <<< "x y z"; echo ${arr[1]} ${#arr[@]}; read -n 2 x <<< abcdef; echo $x; read -d : x <<< "a:b"; echo $x
#%%
mapfile -t l <<< $'a\nb'; echo ${#l[@]} ${l[1]}; readarray -t k < <(printf '1\n2\n'); echo ${k[@]}
#%%
echo $'a\tb\n\x41\101'
#%%
x=$'q\'s'; echo "$x"
#%%
echo ${nope:?msg}; echo no
#%%
set -u; echo $nope; echo no
#%%
echo $((1/0)); echo after
#%%
echo $((1+)); echo after
#%%
readonly x=1; x=2; echo after
#%%
cd /nonexistent; echo $?; foo; echo $?; /etc; echo $?; ./nofile; echo $?
#%%
cat < nofile; echo $?; echo > /nonexistent/f; echo $?
#%%
if true; fi
#%%
echo "unterminated
#%%
for i in a; do echo $i
#%%
git clone x ; done;
#%%
echo a
)
#%%
type cd; type if; type nosuch; echo $?; type -t cd if ls nosuch; command -v cd
#%%
source <(echo 'echo sourced'); . /dev/null; echo $?
#%%
trap 'echo err $?' ERR; false; echo end
#%%
trap 'echo x' INT; trap; trap -p EXIT
#%%
shopt -s nullglob; shopt nullglob; shopt -u nullglob; shopt -q nullglob; echo $?
#%%
x=abc; echo ${x@Q} ${x@U}; y="it's"; echo ${y@Q}
#%%
[ a b ]; echo $?; [ 1 -eq a ]; echo $?; [ a = b; echo $?
#%%
kill -l 9; kill abc; echo $?; wait 99999; echo $?
#%%
select x in a b; do echo $x; break; done <<< 2
#%%
time true; echo $?
#%%
a=5; a+=3; echo $a; s=x; s+=y; echo $s
#%%
f() { echo ${FUNCNAME[0]} $FUNCNAME; }; f
#%%
echo $BASH_VERSION | cut -c1; echo ${BASH_VERSINFO[0]}; echo ${#RANDOM} >/dev/null
#%%
declare -n r=t; t=5; echo $r; r=6; echo $t
#%%
case abc in a*) echo 1;;& *c) echo 2;; esac; case x in x) echo a;& y) echo b;; esac
#%%
echo a | { read x; echo $x; }; x=1; x=2 eval 'echo $x'; echo $x
#%%
export -n HOME; env | grep -c ^HOME=; export 1x; echo $?; unset 1x; echo $?
#%%
local x; echo $?; return 1; echo $?; break; echo $?
#%%
pushd / >/dev/null; dirs | cut -c1-2; popd >/dev/null; echo $?
#%%
echo -e 'a\tb' -n; echo -ne 'x\n'; echo -E 'a\tb'
#%%
set -x; x=1; echo $x "a b"; for i in 1; do :; done; ((1)); set +x
#%%
test -v HOME; echo $?; x[3]=5; echo ${x[3]} ${#x[@]}
#%%
exit abc; echo no
#%%
shift 5; echo $?; set -o nosuch; echo $?; set -Z; echo $?
#%%
printf '%d\n' abc; echo $?; printf '%z\n'; echo $?
#%%
umask; umask -S; umask zz; echo $?
#%%
echo "${x:-"nested "quotes""}" "${x:-'q'}"
#%%
arr=(a b c d); echo "${arr[@]:1:2}" "${arr[@]: -1}"; set -- 1 2 3; echo ${@:2} ${@:1:1} "${*:2}"
#%%
x=1 f() { :; }; echo hmm
#%%
bash -c 'echo $0 $1' n a; bash -c 'kill -9 $$'; echo $?
#%%
bash -c 'echo "$BASH_SUBSHELL"'; (echo $BASH_SUBSHELL)
