echo $(echo a) `echo b`
#%%
echo $(echo a; echo b) "$(echo a; echo b)"
#%%
x=$(printf 'a\n\n'); echo "[$x]"
#%%
x=$(printf '\n\na'); echo "[$x]"
#%%
x=$(false); echo $?
#%%
x=$(exit 3) y=$(exit 4); echo $?
#%%
x=$(exit 3) y=1; echo $?
#%%
echo $(exit 3); echo $?
#%%
$(echo echo hi)
#%%
$(true); echo $?
#%%
$(false); echo $?
#%%
$(exit 5); echo $?
#%%
`true`; echo $?
#%%
x=; $x; echo $?
#%%
$nothing echo ran
#%%
x='echo a; echo b'; $x
#%%
x='a|b'; echo $x
#%%
echo $(cat <<E
doc
E
)
#%%
echo $(case a in a) echo c;; esac)
#%%
echo $( (echo sub) )
#%%
echo $((1)) $( ( echo 2 ) )
#%%
echo `echo \`echo nested\``
#%%
echo $(echo $(echo $(echo deep)))
#%%
echo $(echo ")")
#%%
echo $(echo ')' # comment )
)
#%%
x=1; y=$(x=2; echo $x); echo $x $y
#%%
echo $(< /dev/null) end
#%%
echo "$(printf 'a b\tc')"
#%%
set -- $(printf 'a b\nc'); echo $#
#%%
f() { echo "out"; return 5; }; x=$(f); echo $? $x
#%%
if x=$(false); then echo t; else echo f; fi
#%%
echo $((1+1)) $((5-3)) $((2*3)) $((7/2)) $((-7/2)) $((7%3)) $((-7%3))
#%%
echo $((1<2)) $((2<=2)) $((3>4)) $((4>=4)) $((1==1)) $((1!=1))
#%%
echo $((1&&0)) $((1||0)) $((!1)) $((!0)) $((~0)) $((-5)) $((+5)) $((- -5))
#%%
echo $((6&3)) $((6|3)) $((6^3)) $((1<<4)) $((256>>2)) $((-8>>1))
#%%
echo $((2+3*4)) $(((2+3)*4)) $((10-2-3)) $((2*3%4)) $((1+2<<1)) $((1|2&3))
#%%
echo $((1?2:3)) $((0?2:3)) $((1?0?4:5:6))
#%%
x=5; echo $((x)) $(($x)) $((x+1)) $((x*x)) $((${x}+1))
#%%
x=5; echo $((x=3)) $x; echo $((x+=2)) $x $((x-=1)) $((x*=3)) $((x/=2)) $((x%=4)) $x
#%%
x=6; echo $((x&=3)) $((x|=8)) $((x^=1)) $((x<<=2)) $((x>>=1)) $x
#%%
echo $((nope)) $((nope+1))
#%%
x=; echo $((x+1))
#%%
x=' 7 '; echo $((x+1))
#%%
x=abc; echo $((x)); echo after
#%%
x=1+2; echo $((x)); echo after
#%%
x=y y=4; echo $((x)); echo after
#%%
x=1+2; echo $(($x*2))
#%%
echo $((0x1F)) $((0XfF)) $((010)) $((0))
#%%
echo $((08)); echo after
#%%
echo $((9223372036854775807)) $((9223372036854775807+1))
#%%
echo $((1+)); echo no
#%%
echo $((+)); echo no
#%%
echo $((1 2)); echo no
#%%
echo $((a b)); echo no
#%%
echo $((1/0)); echo no
#%%
echo $((1%0)); echo no
#%%
x=0; echo $((5/x)); echo no
#%%
echo $(( )); echo after
#%%
echo $((1.5)); echo no
#%%
echo $((1=2)); echo no
#%%
echo $((x=1,2)); echo after
#%%
echo $((2**3)); echo after
#%%
x=1; echo $((x++)) $x; echo after
#%%
x=1; echo $((++x)) $x; echo after
#%%
echo $((--1)); echo after
#%%
echo $(( ( 1 + 2 ) * 3 ))
#%%
echo $((
1 +
2
))
#%%
echo "$((1+1))" '$((1+1))' $((1+1))x
#%%
x=3; echo $((x > 2 ? 10 : 20))
#%%
echo $((1 || 1/0)) $((0 && 1/0))
#%%
i=0; while [ $i -lt 5 ]; do i=$((i+1)); done; echo $i
#%%
a=1 b=2; echo $((a+b)) $((a+$b)) $(("a"+1))
#%%
echo $(($(echo 4)+`echo 5`))
#%%
readonly r=1; echo $((r+1)); echo $((r=2)); echo no
#%%
echo $(( 5 > 3 && 2 < 4 ))
#%%
touch a1 a2 b1 .hid; echo * a* ?1 [ab]1 [!a]1 *.none .h*
#%%
touch a b; echo "*" '*' \* "a"* a\*
#%%
mkdir d e; touch d/x e/x d/y; echo */x d/* */ */*
#%%
touch 'a b' c; for i in *; do echo "[$i]"; done
#%%
touch a b; x='*'; echo $x "$x"
#%%
touch a-b a.b; echo a[-.]b a[.-]b a[!.]b
#%%
touch a] 'a['; echo a[]] a[[]
#%%
touch A b 1; echo [[:upper:]] [[:digit:]] [[:lower:]] [[:alpha:]]
#%%
touch ab; echo [a]b [b]b [a-z]? [z
#%%
echo nomatch*; echo /no/such/*
#%%
mkdir d; echo d/*; echo d/.*
#%%
touch .a b; echo .* | tr ' ' '\n' | grep -v '^\.\.*$'
#%%
touch x; echo ./* ./x
#%%
touch a b c; for f in [ac]; do echo $f; done
#%%
touch a b; set -- *; echo $#
#%%
cd /; for i in /et[c] /e*c; do echo $i; done
#%%
case abc in a*c) echo y;; esac; case a/b in *) echo slash;; esac; case .x in *) echo dot;; esac
#%%
case 'a*' in a\*) echo lit;; esac; case ab in 'a*') echo no;; *) echo yes;; esac
#%%
case abc in "a"*) echo y;; esac; x='a*'; case abc in $x) echo var;; esac; case abc in "$x") echo no;; *) echo quoted;; esac
#%%
case '' in '') echo empty;; esac; case x in '') echo no;; ?) echo one;; esac
#%%
case a in [!b]) echo y;; esac; case - in [a-]) echo dash;; esac; case ] in []]) echo br;; esac
#%%
case abc in a|b) echo no;; x|abc) echo yes;; esac
#%%
case aXb in *[[:upper:]]*) echo up;; esac
#%%
case $(echo q) in q) echo sub;; esac
#%%
case x in x) false;; esac; echo $?
#%%
case x in y) false;; esac; echo $?
#%%
false; case x in x) ;; esac; echo $?
#%%
x='a\*b'; case 'a*b' in $x) echo y;; *) echo n;; esac
#%%
x=a; case b in a) echo a;; *) case c in c) echo inner;; esac;; esac
