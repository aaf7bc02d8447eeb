trap 'echo bye' EXIT; echo hi
#%%
trap 'echo bye' 0; echo hi
#%%
trap 'echo bye $?' EXIT; false
#%%
trap 'echo bye $?' EXIT; exit 3
#%%
trap 'echo bye; exit 4' EXIT; exit 3
#%%
trap 'echo bye' EXIT; (echo sub); echo end
#%%
trap 'echo bye' EXIT; trap - EXIT; echo end
#%%
trap 'echo bye' EXIT; exit
#%%
(trap 'echo sub bye' EXIT; echo in); echo out
#%%
trap 'echo bye' EXIT; f() { exit 2; }; f
#%%
trap 'echo int' INT; kill -INT $$; echo after
#%%
trap 'echo term' TERM; kill $$; echo after
#%%
trap 'echo usr1' USR1; kill -USR1 $$; echo after
#%%
trap 'echo usr1; exit 3' USR1; kill -USR1 $$; echo no
#%%
trap '' TERM; kill $$; echo survived
#%%
trap '' TERM; (kill $(sh -c 'echo $PPID')); echo ok
#%%
trap 'echo a' USR1; trap 'echo b' USR1; kill -USR1 $$
#%%
trap 'echo x' INT TERM; trap
#%%
trap 'echo "it'\''s"' EXIT; trap
#%%
trap; echo $?
#%%
trap - INT; echo $?
#%%
trap 'echo x' NOSUCH; echo $?
#%%
trap 'echo x' 99; echo $?
#%%
trap 'echo x' SIGTERM; echo $?; trap | wc -l
#%%
trap 'echo x' sigterm; echo $?
#%%
trap 'echo $1' USR1; set -- arg; kill -USR1 $$
#%%
trap 'x=5' USR1; kill -USR1 $$; echo $x
#%%
trap 'echo t' USR1; false; kill -USR1 $$; echo $?
#%%
trap 'echo usr' USR1; for i in 1 2; do kill -USR1 $$; echo $i; done
#%%
trap 'echo t; return 3' USR1; f() { kill -USR1 $$; echo no; }; f; echo $?
#%%
trap 'break' USR1; while :; do kill -USR1 $$; done; echo out
#%%
trap 'echo nested $(echo sub)' USR1; kill -USR1 $$
#%%
trap 'echo bye' EXIT; kill -TERM $$; echo no
#%%
trap 'echo bye' EXIT; nosuchcmd
#%%
trap 'echo bye' EXIT; if
#%%
trap 'echo bye' EXIT; : ${x?err}; echo no
#%%
trap 'if' USR1; kill -USR1 $$; echo no
#%%
trap 'echo err' ERR; false; echo end
#%%
trap "echo $x; x=2" EXIT; x=1
#%%
trap 'echo usr1' USR1; (kill -USR1 $$); echo parent
#%%
trap 'echo term; exit 0' TERM; sleep 1 & kill $$; wait; echo no
#%%
trap 'echo usr' USR1; sleep 1 & (kill -USR1 $$) ; wait $!; echo $?
#%%
kill -l 9
#%%
kill -l 137
#%%
kill -l TERM
#%%
kill; echo $?
#%%
kill abc; echo $?
#%%
kill -9 999999; echo $?
#%%
kill -NOSUCH $$; echo $?
#%%
kill -s TERM 999999; echo $?
#%%
kill -s NOSUCH 1; echo $?
#%%
kill -0 $$; echo $?
#%%
kill %1; echo $?
#%%
(trap; echo s); trap 'echo x' EXIT; (trap)
#%%
trap 'echo bye' EXIT; exec true
#%%
trap -- 'echo bye' EXIT; echo hi
#%%
trap 'echo exit' EXIT HUP; echo hi
#%%
trap 'echo 1; trap "echo 2" EXIT' EXIT
#%%
set -e; trap 'echo trapped $?' EXIT; (exit 7); echo no
#%%
trap 'false' EXIT; true
#%%
trap 'exit' EXIT; (exit 3); exit 4
