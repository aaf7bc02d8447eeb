echo a\ b \$x \\ \' \" \*
#%%
echo 'single $x `no` "q"'
#%%
echo "double \$x \`no\` \" \\ "
#%%
x=1; echo "$x" '$x' \$x
#%%
echo 'it'\''s'
#%%
echo "a'b" 'a"b'
#%%
echo "line1
line2"
#%%
echo 'line1
line2'
#%%
echo one\
two
#%%
echo "one\
two"
#%%
echo 'one\\
two'
#%%
echo "" '' | cat
#%%
set -- "" ''; echo $#
#%%
set -- a"b"c'd'; echo $# $1
#%%
printf '%s\n' "a\zb" a\nb
#%%
echo "$(echo "inner quotes")"
#%%
echo "`echo "inner"`"
#%%
x=5; echo `echo \$x`
#%%
printf '%s\n' `printf '%s' \\\\`
#%%
echo "${x-"quoted default"}"
#%%
echo "${x-'single in double'}"
#%%
echo ${x-'single outside'}
#%%
echo "${x-a\}b}"
#%%
x='a*b'; echo "$x" '*' "*"
#%%
printf '%s\n' \\ "\\" '\\'
#%%
echo "a"'b'\c"d"
#%%
x="a'b"; echo $x
#%%
x='$y'; y=5; echo $x "$x"
#%%
echo $ "$" "a$" "$ x"
#%%
echo '#not a comment' # a comment
#%%
echo a#b
#%%
echo a #b
#%%
# only a comment
#%%
echo "#"
#%%
x=z; echo "`echo '\$x'`"
#%%
x=z; echo "$(echo '$x')"
#%%
echo "a
b" 'c
d' e
#%%
printf '[%s]' "a b" 'c d' e\ f; echo
#%%
echo "$(printf 'a\n\n\n')x"
#%%
x="  lead and trail  "; echo "[$x]"
#%%
echo ${x:-a "b  c" d}
#%%
echo "\"nested\" \$(no)"
