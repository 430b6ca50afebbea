# ---- The whole, there and back.

install() {
  need_sudo
  check_places
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
  [ -z "$remarks" ] || printf 'To be looked at:\n%s' "$remarks"
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
