echo a;echo b
#%%
echo a&&echo b
#%%
echo a||echo b
#%%
echo a|cat
#%%
echo a>f;cat<f
#%%
(echo a)
#%%
{ echo a;}
#%%
echo {a}
#%%
echo }
#%%
echo if then fi
#%%
echo a; ; echo b
#%%
echo a;; echo b
#%%
;
#%%
&
#%%
|
#%%
echo |
#%%
| cat
#%%
echo a & & echo b
#%%
echo a && && echo b
#%%
a=b;echo $a
#%%
a=b c=d; echo $a$c
#%%
a= ; echo "[$a]"
#%%
a=1 b=$a; echo $b
#%%
1a=b
#%%
a-b=c
#%%
echo a=b
#%%
if=1; echo $if
#%%
echo done
#%%
done
#%%
fi
#%%
esac
#%%
then
#%%
do
#%%
}
#%%
)
#%%
{
#%%
(
#%%
( )
#%%
()
#%%
{ }
#%%
{ echo a }
#%%
{echo a; }
#%%
if true; then echo a; fi; echo b
#%%
if true
then
  echo a
fi
#%%
while false; do echo a; done
#%%
for i in a b c; do echo $i; done; echo end
#%%
for i
do echo $i; done
#%%
for i in; do echo $i; done; echo none
#%%
for i in a b
do
echo $i
done
#%%
for i in a; do done
#%%
if true; then fi
#%%
if ; then echo a; fi
#%%
while do echo; done
#%%
while true; do
#%%
for
#%%
for i
#%%
for i in a b
#%%
for i in a b; do echo $i
#%%
case
#%%
case a
#%%
case a in
#%%
case a in esac; echo ok
#%%
case a in a) echo a
#%%
case a in a echo a;; esac
#%%
case a in (a) echo paren;; esac
#%%
if true; then echo
#%%
if true; echo; fi
#%%
until
#%%
f()
#%%
f() echo a
#%%
f( ) { echo a; }; f
#%%
f () { echo a; }
f
#%%
f() { echo a; }; g() { f; }; g
#%%
f() (echo a); f
#%%
f() if true; then echo body; fi; f
#%%
1f() { echo a; }
#%%
f-g() { echo a; }
#%%
f() { echo a
#%%
echo "unterminated
#%%
echo 'unterminated
#%%
echo `unterminated
#%%
echo $(unterminated
#%%
echo ${unterminated
#%%
echo $((1+2
#%%
echo $((1+2)
#%%
git clone x ; done;
#%%
until true; do echo waiting; done; done;
#%%
echo a
echo b
if
fi
#%%
echo first
)
echo never
#%%
echo a ) echo b
#%%
echo a ( echo b
#%%
!
#%%
! true; echo $?
#%%
! false; echo $?
#%%
! ! true; echo $?
#%%
true && ! false; echo $?
#%%
echo a \
 b \
 c
#%%
tr\
ue; echo $?
#%%
i\
f true; then echo continued; fi
#%%
&& echo a
#%%
echo a &&
#%%
echo a ||
#%%
echo a |
#%%
echo a &&
echo b
#%%
echo a |

cat
#%%
if true; then echo a; else; fi
#%%
if true; then echo a; elif; fi
#%%
case x in x) ;; y) ;; esac; echo $?
#%%
case x in x) echo a; echo b;; esac
#%%
case x in x) echo a
;;
esac
#%%
case x in
  # comment
  x) echo a ;; # another
  *) echo b ;;
esac
#%%
while :; do break; done; echo $?
#%%
cat <<E
a
#%%
cat <<
#%%
echo >
#%%
echo <
#%%
echo a > > f
#%%
echo 2>&1 a
#%%
echo a 2 >f; cat f
#%%
echo a 2>f; cat f
#%%
>f; echo $?; cat f
#%%
<nofile
#%%
2>f
