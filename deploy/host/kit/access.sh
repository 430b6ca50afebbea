# ---- The user, the rule of sudo, the key: each checked before it counts.

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
Defaults:$kit_user env_reset, !use_pty, env_keep="SSH_CLIENT"
Defaults:$kit_user secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EOF
  # Only where it is needed: sudo-rs does not know the word.
  [ -z "$requiretty" ] || say "Defaults:$kit_user !requiretty"
  say "$kit_user ALL=(root) NOPASSWD: $launcher \"\""
}

put_sudoers() {
  [ -z "$kit_root" ] || return 0
  requiretty=
  for file in /etc/sudoers /etc/sudoers.d/*; do
    if [ "$file" != "$sudoers" ] && grep -Es '^[[:space:]]*Defaults' "$file" | grep -Eq '[^!]requiretty'; then requiretty=$file; fi
  done
  [ -z "$requiretty" ] || remark "$requiretty has requiretty; $sudoers lifts it for $kit_user"
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

