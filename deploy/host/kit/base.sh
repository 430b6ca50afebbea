# What `etcd-medic kit` has root do on a host. src/kit puts the settings (kit_…), the helpers (*.py) and the program's modules before it, and
# program.sh, access.sh and main.sh behind it.
# POSIX sh, nothing else. It never touches etcd. Every file is written beside its place and renamed into it.

lib=/usr/local/lib/etcd-medic-host
launcher=/usr/local/sbin/etcd-medic-host
sudoers=/etc/sudoers.d/etcd-medic
state=/var/lib/etcd-medic-host
log=/var/log/etcd-medic-host.log
madeby=etcd-medic

changes=
remarks=
problems=
newlauncher=
newprogram=
newsudoers=

say() { printf '%s\n' "$*"; }
die() {
  printf 'etcd-medic: %s\n' "$*" >&2
  exit 1
}
changed() {
  changes="$changes  $*
"
}
# Takes lines of the helper.
noted() { [ -z "$1" ] || changes="$changes$1
"; }
remark() { remarks="$remarks  $*
"; }
problem() { [ -z "$1" ] || problems="$problems$1
"; }

tidy() {
  [ -z "$newlauncher" ] || rm -f "$newlauncher"
  [ -z "$newsudoers" ] || rm -f "$newsudoers"
  [ -z "$newprogram" ] || rm -rf "$newprogram"
}

