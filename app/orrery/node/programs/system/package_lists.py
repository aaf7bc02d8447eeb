"""Packages that simulated distributions offer: name, version on Debian, download in kB, and the programs they bring.

Names on the same line are one package on different distributions (`bind-tools` on Alpine is `dnsutils` on Debian). A program that
nobody simulates may be installed all the same: it says so when it is run.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Package(NamedTuple):
    """One that can be installed."""

    name: str
    version: str
    kilobytes: int
    programs: tuple[str, ...]


_TEXT: Final = """
apache2-utils|2.4.66-1~deb13u1|213|ab htpasswd
apt-transport-https|3.0.3|38|
bash|5.2.37-2+b5|1500|bash
bc|1.07.1-4|108|bc
bind9-host,bind9-dnsutils,dnsutils,bind-tools|1:9.20.15-1~deb13u1|382|dig host nslookup
build-essential,build-base|12.12|4624|gcc g++ make
bzip2|1.0.8-6|40|bzip2
ca-certificates|20250419|162|
coreutils|9.7-3|3024|
cron|3.0pl1-197|91|cron
curl|8.14.1-2+deb13u2|269|curl
default-jdk,openjdk-21-jdk|2:1.21-76|1080|java javac
default-mysql-client,mysql-client,mariadb-client|1:11.8.3-0+deb13u1|3211|mysql mariadb mysqladmin mysqldump
emacs|1:30.1+1-6|62|emacs
ethtool|1:6.14.2-1|268|ethtool
file|1:5.46-5|43|file
gawk|1:5.2.1-2+b1|667|gawk
gcc|4:14.2.0-1|1440|gcc
gettext-base,gettext|0.23.1-2|244|envsubst
git,git-core|1:2.47.3-0+deb13u1|8862|git
gnupg,gnupg2|2.4.7-21|417|gpg
htop|3.4.1-5|177|htop
httpie|3.2.4-3|125|http
iperf|2.2.1+dfsg1-1|127|iperf
iperf3|3.18-2|36|iperf3
iproute2|6.15.0-1|1099|ip ss
iptables|1.8.11-2|353|iptables
iputils-ping,iputils|3:20240905-3|50|ping
jq|1.7.1-6+deb13u1|77|jq
less|668-1|161|less
lsb-release|12.1-1|6|lsb_release
lsof|4.99.4+dfsg-2|325|lsof
make|4.4.1-2|463|make
man-db|2.13.1-1|1469|man
mongodb-clients|1:3.6.8|22300|mongo
nano|8.4-1|654|nano
ncat|7.95+dfsg-3|491|ncat
net-tools|2.10-1.3|242|ifconfig netstat route arp
netcat-openbsd,netcat-traditional,netcat|1.229-1|44|nc netcat
nginx|1.26.3-3+deb13u1|607|nginx
nmap|7.95+dfsg-3|1924|nmap
nodejs|20.19.2+dfsg-1|339|node
npm|9.2.0~ds1-3|742|npm npx
openssh-client,openssh|1:10.0p1-7|985|ssh scp ssh-keygen
openssl|3.5.4-1~deb13u1|1494|openssl
perl|5.40.1-6|267|perl
php-cli,php|2:8.4+96|4|php
postgresql-client|17+278|14|psql pg_isready pg_dump
procps,procps-ng|2:4.0.4-9|881|ps top free uptime pgrep pkill pidof watch sysctl w vmstat kill
psmisc|23.7-2|267|killall
python3|3.13.5-1|28|python3
python3-pip,py3-pip|25.1.1+dfsg-1|1454|pip pip3
redis-tools,redis|5:8.0.2-3+deb13u1|126|redis-cli
rsync|3.4.1+ds1-5|421|rsync
ruby|1:3.3+b1|11|ruby
screen|4.9.1-3|592|screen
siege|4.0.7-1|109|siege
socat|1.8.0.3-1|408|socat
software-properties-common|0.111-1|14|add-apt-repository
sqlite3,sqlite|3.46.1-7|345|sqlite3
strace|6.13+ds-1|1323|strace
stress|1.0.7-1+b1|22|stress
stress-ng|0.18.12-1|2517|stress-ng
sudo|1.9.16p2-3|2100|sudo
tcpdump|4.99.5-2|482|tcpdump
telnet,inetutils-telnet,busybox-extras|2:2.6-3|42|telnet
tmux|3.5a-3|528|tmux
traceroute|1:2.1.6-1|58|traceroute
tree|2.2.1-1|56|tree
tzdata|2025b-4+deb13u1|260|
unzip|6.0-29|173|unzip
util-linux|2.41-5|1202|
vim,vim-tiny|2:9.1.1230-2|1804|vim vi
wget|1.25.0-2|984|wget
xz-utils,xz|5.8.1-1|660|xz
zip|3.0-15|235|zip
"""


def _read() -> dict[str, Package]:
    found: dict[str, Package] = {}
    for line in _TEXT.strip().splitlines():
        names, version, kilobytes, programs = line.split("|")
        found |= {name: Package(name, version, int(kilobytes), tuple(programs.split())) for name in names.split(",")}
    return found


PACKAGES: Final[Mapping[str, Package]] = _read()
