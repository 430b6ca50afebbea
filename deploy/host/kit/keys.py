"""Part of `etcd-medic kit`: the user and its authorized_keys, which may hold the keys of others.

Root runs it, with Python 3.6 or newer and `-I`. A change is a line on standard output; a fault is one on standard error, with exit code 1.
"""
import grp
import ipaddress
import os
import pwd
import re
import stat
import sys

NO_SHELLS = ('', '/sbin/nologin', '/usr/sbin/nologin', '/bin/false', '/usr/bin/false')
KEYS_BYTES_MAX = 1048576


def changed(text):
    print('  ' + text)


def user_exists(name):
    try:
        pwd.getpwnam(name)
    except KeyError:
        sys.exit(1)


def check(name, root, source):
    """What can be found wrong before anything is changed. Prints `absent` when the user has to be made."""
    # sshd takes no line whose network has bits of a host.
    for one in source.split(',') if source else []:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            sys.exit('etcd-medic: --from: %s' % error)
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        print('absent')
        return
    if user.pw_uid == 0 and not root:
        sys.exit('etcd-medic: the user %s is root: make the kit with --root, or name another user in config.yaml' % name)
    if user.pw_shell in NO_SHELLS:
        sys.exit("etcd-medic: %s has the shell %s, and sshd runs a key's command by the shell: usermod -s /bin/sh %s" % (name, user.pw_shell, name))
    if not os.path.isdir(user.pw_dir) or os.stat(user.pw_dir).st_uid not in (0, user.pw_uid):
        sys.exit('etcd-medic: the home of %s, %s, is not there or not its own' % (name, user.pw_dir))


def as_user(name, act):
    """Does something in a child that is that user for good, and ends as it ended: what the user puts in the way harms itself alone."""
    user = pwd.getpwnam(name)
    sys.stdout.flush()
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        if status:
            sys.exit(1)
        return
    try:
        os.initgroups(name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.umask(0o077)
        act(user)
        sys.stdout.flush()
        os._exit(0)
    except SystemExit as refused:
        print('etcd-medic: %s' % refused.code, file=sys.stderr)
    except OSError as error:
        print('etcd-medic: %s/.ssh/authorized_keys: %s' % (user.pw_dir, error), file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


def edit_keys(user, edit):
    """Gives the lines of authorized_keys to `edit` and writes what it returns; nothing when that is the same. Follows no link."""
    place = os.path.join(user.pw_dir, '.ssh')
    try:
        os.mkdir(place, 0o700)
    except FileExistsError:
        pass
    if not stat.S_ISDIR(os.lstat(place).st_mode):
        sys.exit('%s is a link or no directory' % place)
    ssh = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    if os.fstat(ssh).st_uid != user.pw_uid:
        sys.exit('%s is not the user\'s own' % place)
    lines, mode = read_keys(ssh, user)
    wanted = edit(lines)
    if wanted == lines and not mode & 0o022:
        return
    new = '.authorized_keys.etcd-medic.%d' % os.getpid()
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=ssh)
    with os.fdopen(handle, 'wb') as file:
        file.write(b''.join(line + b'\n' for line in wanted))
        os.fchmod(file.fileno(), mode & ~0o022)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, 'authorized_keys', src_dir_fd=ssh, dst_dir_fd=ssh)


def read_keys(ssh, user):
    try:
        handle = os.open('authorized_keys', os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=ssh)
    except FileNotFoundError:
        return [], 0o600
    except OSError:
        sys.exit('%s/.ssh/authorized_keys is a link or cannot be read' % user.pw_dir)
    with os.fdopen(handle, 'rb') as file:
        there = os.fstat(file.fileno())
        if not stat.S_ISREG(there.st_mode) or there.st_uid != user.pw_uid or there.st_size > KEYS_BYTES_MAX:
            sys.exit('%s/.ssh/authorized_keys is not the user\'s own file, or more than a MiB' % user.pw_dir)
        lines = file.read().split(b'\n')
        return lines[:-1] if lines[-1] == b'' else lines, stat.S_IMODE(there.st_mode)


def is_ours(line, key, mark, launcher):
    """A line with this very key, whatever it opens; or that opens the program and has the mark of this cluster."""
    words = line.split()
    return key.split()[1].encode() in words or (opens_program(line, launcher) and words[-1:] == [mark.encode()])


def opens_program(line, launcher):
    return re.search(('command="(sudo -n )?%s"' % re.escape(launcher)).encode(), line) is not None


def put_key(name, line, launcher):
    """Our line, in the place of our older ones; other lines stay as they are."""
    key, mark = ' '.join(line.split()[-3:-1]), line.split()[-1]

    def edit(lines):
        kept = [one for one in lines if not is_ours(one, key, mark, launcher)]
        # Two clusters on one host may share the key: whose mark the line has does not matter then.
        alike = [one for one in lines if one.rpartition(b' ')[0] == line.encode().rpartition(b' ')[0]]
        if len(alike) == 1 and len(kept) == len(lines) - 1:
            return lines
        changed('wrote the key into ~%s/.ssh/authorized_keys' % name if len(kept) == len(lines) else 'replaced the line of the key in ~%s/.ssh/authorized_keys' % name)
        return kept + [line.encode()]

    as_user(name, lambda user: edit_keys(user, edit))


def drop_key(name, key, mark, launcher, others):
    """Takes our lines out; but where other etcds of this host have no other key, theirs must stay. With the last etcd every line of the program goes."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return
    if not os.path.lexists(os.path.join(user.pw_dir, '.ssh')):
        return

    def edit(lines):
        kept = [one for one in lines if not is_ours(one, key, mark, launcher) and (others or not opens_program(one, launcher))]
        if len(kept) == len(lines) or (others and not any(opens_program(one, launcher) for one in kept)):
            return lines
        changed('took the key out of ~%s/.ssh/authorized_keys' % name)
        return kept

    as_user(name, lambda user: edit_keys(user, edit))


def keep_user(name, mark):
    """Says why a user is not to be removed; exit code 1 when it may go."""
    user = pwd.getpwnam(name)
    keys = []
    try:
        with open(os.path.join(user.pw_dir, '.ssh', 'authorized_keys'), 'rb') as file:
            keys = [line for line in file.read(KEYS_BYTES_MAX).splitlines() if line.strip() and not line.startswith(b'#')]
    except OSError:
        pass
    groups = [group.gr_name for group in grp.getgrall() if name in group.gr_mem]
    if user.pw_uid == 0 or user.pw_gecos.split(',')[0] != mark:
        print('it was not made by kit')
    elif keys:
        print('it has other keys in authorized_keys')
    elif groups:
        print('it is in other groups (%s)' % ' '.join(groups))
    else:
        sys.exit(1)


commands = {
    'user-exists': user_exists,
    'home': lambda name: print(pwd.getpwnam(name).pw_dir),
    'put': put_key,
    'drop': drop_key,
    'keep-user': keep_user,
    'check': check,
}
commands[sys.argv[1]](*sys.argv[2:])
