# What `etcd-medic kit` has root do on a host. src/kit puts the settings (kit_…), the helpers (*.py) and the program's modules before it.
# POSIX sh, nothing else. It never touches etcd. Every file is written beside its place and renamed into it.

lib=/usr/local/lib/etcd-medic-host
launcher=/usr/local/sbin/etcd-medic-host
sudoers=/etc/sudoers.d/etcd-medic
state=/var/lib/etcd-medic
log=/var/log/etcd-medic-host.log
madeby=etcd-medic

changes=
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
problem() { [ -z "$1" ] || problems="$problems$1
"; }

tidy() {
  [ -z "$newlauncher" ] || rm -f "$newlauncher"
  [ -z "$newsudoers" ] || rm -f "$newsudoers"
  [ -z "$newprogram" ] || rm -rf "$newprogram"
}

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

need_sudo() {
  [ -z "$kit_root" ] || return 0
  if ! command -v sudo >/dev/null || ! command -v visudo >/dev/null; then die "sudo is needed; or make the kit with --root, to have the key open root's account for the program alone"; fi
  for file in /etc/sudoers-rs /etc/sudoers; do
    [ -e "$file" ] || continue
    grep -Eq '^[#@]includedir[[:space:]]+"?/etc/sudoers\.d/?"?[[:space:]]*$' "$file" ||
      die "$file does not read /etc/sudoers.d: add the line #includedir /etc/sudoers.d at its end (with visudo), then run this again"
    return 0
  done
  die 'there is no /etc/sudoers'
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

make_user() {
  [ -z "$kit_root" ] || return 0
  if [ -n "$absent" ]; then
    if command -v useradd >/dev/null; then
      # No password, but not locked either: sshd without PAM takes no key of a locked user.
      useradd --system --user-group --create-home --home-dir "/home/$kit_user" --shell /bin/sh --password '*' --comment "$madeby" "$kit_user" >/dev/null
    else
      addgroup -S "$kit_user"
      adduser -S -D -h "/home/$kit_user" -s /bin/sh -G "$kit_user" -g "$madeby" "$kit_user" >/dev/null
      printf '%s:*\n' "$kit_user" | chpasswd -e >/dev/null 2>&1
    fi
    chmod 0750 "/home/$kit_user"
    changed "made the user $kit_user"
  fi
}

make_places() {
  if [ ! -d "$state" ]; then
    mkdir -m 0700 "$state"
    changed "made $state"
  fi
  [ "$(stat -c '%u:%a:%F' "$state")" = 0:700:directory ] || die "$state must be a directory of root's with mode 0700; is this the bot's own machine?"
  if [ ! -e "$log" ]; then
    (umask 077 && set -C && : >"$log")
    changed "made $log"
  fi
}

sudoers_text() {
  cat <<EOF
# Installed by \`etcd-medic kit\`. One program, without arguments: what it is asked comes on its standard input.
Defaults:$kit_user env_reset, env_keep="SSH_CLIENT"
Defaults:$kit_user secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EOF
  # Said only where it is needed: sudo-rs does not know the word.
  if grep -Ehs '^[[:space:]]*Defaults' /etc/sudoers /etc/sudoers.d/* | grep -Eq '[^!]requiretty'; then say "Defaults:$kit_user !requiretty"; fi
  say "$kit_user ALL=(root) NOPASSWD: $launcher \"\""
}

put_sudoers() {
  [ -z "$kit_root" ] || return 0
  if [ ! -L "$sudoers" ] && [ -f "$sudoers" ] && [ "$(stat -c '%u:%g:%a' "$sudoers")" = 0:0:440 ] && [ "$(cat "$sudoers")" = "$(sudoers_text)" ]; then return 0; fi
  # sudo does not read names with a dot in them.
  newsudoers=$(mktemp /etc/sudoers.d/.etcd-medic.XXXXXX)
  sudoers_text >"$newsudoers"
  chmod 0440 "$newsudoers"
  visudo -cf "$newsudoers" >/dev/null || die "this host's visudo refuses the rule above; $sudoers is as it was"
  # All rules together must be as good as they were: with a fault in them sudo may refuse everybody.
  whole=
  ! visudo -c >/dev/null 2>&1 || whole=yes
  keptsudoers=
  if [ -e "$sudoers" ]; then
    keptsudoers=/etc/sudoers.d/.etcd-medic.before
    ln -f "$sudoers" "$keptsudoers"
  fi
  mv "$newsudoers" "$sudoers"
  newsudoers=
  if [ -n "$whole" ] && ! visudo -c >/dev/null; then
    rm -f "$sudoers"
    [ -z "$keptsudoers" ] || mv "$keptsudoers" "$sudoers"
    die "with our rule visudo -c finds a fault in this host's; $sudoers is as it was"
  fi
  [ -z "$keptsudoers" ] || rm -f "$keptsudoers"
  changed "wrote $sudoers"
}

# restrict shuts everything, also what sshd learns later; before OpenSSH 7.2 each has to be named.
key_line() {
  version=$( (sshd -V || ssh -V) 2>&1 </dev/null | grep -o 'OpenSSH_[0-9]*\.[0-9]*' | head -n 1)
  version=${version#OpenSSH_}
  options=no-port-forwarding,no-agent-forwarding,no-X11-forwarding,no-pty,no-user-rc
  case $version in
    7.[01] | [1-6].* | '') ;;
    *) options=restrict ;;
  esac
  command="sudo -n $launcher"
  [ -z "$kit_root" ] || command=$launcher
  [ -z "$kit_from" ] || options="$options,from=\"$kit_from\""
  say "$options,command=\"$command\" $kit_key etcd-medic:$kit_cluster"
}

put_key() {
  what=$(helper keys put "$kit_user" "$(key_line)" "$launcher") || exit 1
  noted "$what"
  [ -z "$what" ] || ! command -v restorecon >/dev/null || restorecon -R "$(helper keys home "$kit_user")/.ssh" || true
}

install() {
  need_sudo
  absent=$(helper keys check "$kit_user" "$kit_root" "$kit_from") || exit 1
  stage_program
  stage_launcher
  entry=$("$ask" describe "$kit_unit") || die 'nothing was changed'
  make_places
  what=$(helper description put "$entry" "$kit_allow" "$kit_root") || exit 1
  noted "$what"
  put_launcher
  make_user
  put_sudoers
  put_key
  ! command -v restorecon >/dev/null || restorecon -R "$lib" "$launcher" /etc/etcd-medic "$sudoers" "$state" "$log" 2>/dev/null || true
  problem "$(helper look ready "$kit_user" "$kit_root" "$kit_program" || say '  it could not be tried')"
  report "$(helper look found "$entry" "$kit_hosts" || true)"
}

remove() {
  what=$(helper description drop "$kit_unit") || exit 1
  noted "$what"
  others=$(helper description names)
  what=$(helper keys drop "$kit_user" "$kit_key" "etcd-medic:$kit_cluster" "$launcher" "$others") || exit 1
  noted "$what"
  if [ -n "$others" ]; then
    report "  The program stays: this host has other etcds under it ($others)."
    return 0
  fi
  for path in "$sudoers" "$launcher" "$lib" "$state" "$log"; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    rm -rf "$path"
    changed "removed $path"
  done
  remove_user
  report ''
}

remove_user() {
  if [ -n "$kit_root" ] || ! helper keys user-exists "$kit_user"; then return 0; fi
  if why=$(helper keys keep-user "$kit_user" "$madeby"); then
    say "The user $kit_user stays: $why."
  elif command -v userdel >/dev/null; then
    userdel --remove "$kit_user" 2>/dev/null || [ $? = 12 ]
    changed "removed the user $kit_user"
  else
    deluser --remove-home "$kit_user"
    changed "removed the user $kit_user"
  fi
}

report() {
  say "etcd-medic kit for $kit_cluster on $(uname -n)"
  if [ -n "$changes" ]; then printf 'Changed:\n%s' "$changes"; else say 'Nothing changed.'; fi
  [ -z "$1" ] || say "$1"
  [ -z "$problems" ] || die "not ready yet:
$problems"
}

main() {
  set -eu
  umask 022
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  LC_ALL=C
  export PATH LC_ALL
  unset SUDO_USER SUDO_UID SUDO_GID SUDO_COMMAND SSH_CLIENT SSH_CONNECTION SSH_TTY SSH_ORIGINAL_COMMAND
  [ "$(id -u)" = 0 ] || die 'this is for root'
  trap tidy EXIT
  trap 'exit 1' HUP INT TERM
  find_python
  "$kit_action"
}

# What is called here reads nothing of the script.
main </dev/null
