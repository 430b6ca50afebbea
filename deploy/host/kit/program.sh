# ---- Python and the program, put in place under its hash.

# Whether nobody but root can change a file: neither it nor a directory above it.
roots_alone() {
  here=$(readlink -f "$1") || return 1
  while :; do
    case $(stat -c '%u:%g:%a' "$here") in
      *[2367] | 0:[1-9]*[2367]?) return 1 ;;
      0:*) ;;
      *) return 1 ;;
    esac
    [ "$here" != / ] || return 0
    here=$(dirname "$here")
  done
}

find_python() {
  python=
  why=
  for candidate in /usr/bin/python3 /usr/libexec/platform-python /usr/local/bin/python3; do
    [ -x "$candidate" ] || continue
    if ! roots_alone "$candidate"; then
      why="$why $candidate can be changed by others than root."
    elif said=$("$candidate" -I -c '
import sys
if sys.version_info < (3, 6): sys.exit("is older than 3.6")
try: import ctypes, hashlib, json, shutil, subprocess
except ImportError as error: sys.exit("has no module " + str(error.name))' 2>&1); then
      python=$candidate
      return
    else
      why="$why $candidate $said."
    fi
  done
  die "Python 3.6 or newer with its standard library is needed; install the package python3 (apt-get, dnf, zypper, apk).$why"
}

# Who can replace the program is root.
check_places() {
  for place in /usr/local "${lib%/*}" "${launcher%/*}"; do
    [ -d "$place" ] || continue
    case $(stat -c '%u:%g:%a' "$place") in
      0:*[2367]) die "everybody may change $place: chmod o-w $place" ;;
      0:[1-9]*[2367]?) remark "The group $(stat -c %G "$place") may change $place, and so the program: chmod g-w $place" ;;
      0:*) ;;
      *) die "$place is not root's" ;;
    esac
  done
}

# The program is in place under its hash before anything leads to it.
stage_program() {
  program=$lib/$(printf %.12s "$kit_program")
  [ -d "$lib" ] || mkdir -p "$lib"
  [ "$(helper description hash "$program")" != "$kit_program" ] || return 0
  newprogram=$(mktemp -d "$lib/.new.XXXXXX")
  mkdir "$newprogram/etcd_medic_host"
  for name in $kit_modules; do module "$name" >"$newprogram/etcd_medic_host/$name"; done
  chmod 0755 "$newprogram" "$newprogram/etcd_medic_host"
  [ "$(helper description hash "$newprogram")" = "$kit_program" ] || die 'the program did not arrive whole (its sha256 is another one); nothing was changed'
  "$python" -I -m compileall -q "$newprogram" >/dev/null || die 'this Python cannot read the program; nothing was changed'
  if [ -e "$program" ]; then
    rm -rf "$program"
    changed 'replaced the program: it was not as it was installed'
  fi
  mv "$newprogram" "$program"
  newprogram=
}

launcher_text() {
  cat <<EOF
#!$python -I
# Installed by \`etcd-medic kit\`. An upgrade replaces this file by another that names another directory.
import sys
sys.path.insert(0, '$program')
from etcd_medic_host.main import main
main()
EOF
}

# Leaves the name of the launcher to ask in \$ask: the one in place when it is right already.
stage_launcher() {
  ask=$launcher
  if [ ! -L "$launcher" ] && [ -f "$launcher" ] && [ "$(stat -c '%u:%g:%a' "$launcher")" = 0:0:755 ] && [ "$(cat "$launcher")" = "$(launcher_text)" ]; then return 0; fi
  [ -d "${launcher%/*}" ] || mkdir -p "${launcher%/*}"
  newlauncher=$(mktemp "${launcher%/*}/.etcd-medic-host.XXXXXX")
  launcher_text >"$newlauncher"
  chmod 0755 "$newlauncher"
  ask=$newlauncher
}

put_launcher() {
  [ -n "$newlauncher" ] || return 0
  before=$(sed -n "s|^sys.path.insert(0, '\($lib/[0-9a-f]*\)').*|\1|p" "$launcher" 2>/dev/null || true)
  mv "$newlauncher" "$launcher"
  newlauncher=
  changed "installed $launcher, $(printf %.12s "$kit_program")"
  # A channel that is open may still need the version before.
  for old in "$lib"/* "$lib"/.new.*; do
    [ ! -e "$old" ] || [ "$old" = "$program" ] || [ "$old" = "$before" ] || rm -rf "$old"
  done
}

