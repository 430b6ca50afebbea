"""Part of `etcd-medic kit`: whether the key will open the program, and what was found, in words.

Root runs it, with Python 3.6 or newer and `-I`. A change is a line on standard output; a fault is one on standard error, with exit code 1.
"""
import grp
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys

HOST_JSON = '/etc/etcd-medic/host.json'
LAUNCHER = '/usr/local/sbin/etcd-medic-host'
PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
GREETING_WITHIN_SECONDS = 20


def changed(text):
    print('  ' + text)


def sshd_settings(name):
    program = shutil.which('sshd', path=PATH)
    if program is None:
        return []
    said = subprocess.run([program, '-T', '-C', 'user=%s,host=localhost,addr=127.0.0.1' % name],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [line.partition(' ')[::2] for line in said.stdout.decode('utf-8', 'replace').splitlines()]


def is_locked(name):
    with open('/etc/shadow', encoding='utf-8') as file:
        return any(line.startswith(name + ':!') for line in file)


def check_sshd(name, settings):
    """What of sshd's own settings keeps the key from opening the program."""
    one = dict(settings)
    user = pwd.getpwnam(name)
    # Debian's sshd lets the user's own group pass.
    loose = 0o002 if os.path.exists('/etc/debian_version') else 0o022
    if one.get('strictmodes') != 'no' and os.stat(user.pw_dir).st_mode & loose:
        changed('sshd takes no key while others may write %s: chmod go-w %s' % (user.pw_dir, user.pw_dir))
    if one.get('usepam') == 'no' and is_locked(name):
        changed("sshd without PAM takes no key of a locked user: usermod -p '*' %s" % name)
    groups = {group.gr_name for group in grp.getgrall() if name in group.gr_mem or group.gr_gid == user.pw_gid}
    listed = {key: ' '.join(value for known, value in settings if known == key).split() for key in ('allowusers', 'allowgroups')}
    if one.get('pubkeyauthentication') == 'no':
        changed('sshd takes no keys: PubkeyAuthentication is no')
    files = one.get('authorizedkeysfile', '.ssh/authorized_keys').split()
    if not {'.ssh/authorized_keys', '%h/.ssh/authorized_keys', os.path.join(user.pw_dir, '.ssh/authorized_keys')} & set(files):
        changed('sshd does not read ~/.ssh/authorized_keys but %s (AuthorizedKeysFile)' % ' '.join(files))
    if one.get('forcecommand', 'none') != 'none':
        changed("sshd runs its own ForceCommand (%s) in the place of the key's" % one['forcecommand'])
    if listed['allowusers'] and name not in [pattern.split('@')[0] for pattern in listed['allowusers']] and '*' not in listed['allowusers']:
        changed("sshd's AllowUsers does not name %s" % name)
    if listed['allowgroups'] and not groups & set(listed['allowgroups']):
        changed("sshd's AllowGroups names no group of %s" % name)
    if name == 'root' and one.get('permitrootlogin') == 'no':
        changed('sshd lets root not in at all: PermitRootLogin forced-commands-only is enough')


def greet(name, root, expected):
    """Runs the program as ssh will, without a terminal, and reads its first line."""
    command = [LAUNCHER] if root else [shutil.which('sudo', path=PATH), '-n', LAUNCHER]

    def become():
        os.setsid()
        user = pwd.getpwnam(name)
        os.initgroups(name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd='/',
                              env={'PATH': PATH, 'LC_ALL': 'C'}, preexec_fn=become, timeout=GREETING_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        changed('%s said nothing in %d s' % (' '.join(command), GREETING_WITHIN_SECONDS))
        return
    first = said.stdout.decode('utf-8', 'replace').partition('\n')[0]
    try:
        hello = json.loads(first)
    except ValueError:
        hello = {}
    if hello.get('hello') != 'etcd-medic-host':
        trouble = (said.stderr.decode('utf-8', 'replace') + first).strip()[:500]
        hint = ' (Defaults requiretty is set)' if 'tty' in trouble else ''
        changed('the program does not answer %s: %s%s' % (name, trouble or 'exit code %d' % said.returncode, hint))
    elif hello.get('program') != expected:
        changed('another program answers: %s, not %s' % (hello.get('program'), expected))


def host_keys(settings):
    files = [value for key, value in settings if key == 'hostkey'] or ['/etc/ssh/ssh_host_ed25519_key']
    port = dict(settings).get('port', '22')
    keys = []
    for file in files:
        try:
            with open(file + '.pub', encoding='utf-8') as public:
                keys.append(' '.join(public.read().split()[:2]))
        except OSError:
            said = subprocess.run(['ssh-keygen', '-y', '-f', file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            keys += [' '.join(said.stdout.decode().split()[:2])] if said.returncode == 0 else []
    # One is enough, and the short one is what ssh asks for first.
    return [key for key in keys if key.startswith('ssh-ed25519 ')] or keys, port


def own_address(candidates):
    """Which of the addresses in config.yaml is this host's: the one that a socket may be bound to."""
    for candidate in candidates:
        try:
            for family, _, _, _, place in socket.getaddrinfo(candidate, 0, type=socket.SOCK_STREAM):
                with socket.socket(family, socket.SOCK_STREAM) as probe:
                    probe.bind(place)
                return candidate
        except OSError:
            continue
    return None


def ready(name, root, expected):
    check_sshd(name, sshd_settings(name))
    greet(name, root, expected)


def found(text, hosts):
    """What describe found, in words, and the lines for known_hosts."""
    answer = json.loads(text)
    with open(HOST_JSON, encoding='utf-8') as file:
        description = json.load(file)
    name = answer['name']
    entry = description['etcds'].get(name, answer['entry'])
    settings, tools = entry.get('settings') or {}, entry.get('tools') or {}
    print('Found:')
    changed('%s: unit %s (%s), user %s, group %s' % (name, entry.get('unit'), entry.get('runtime'), entry.get('user'), entry.get('group')))
    changed('data-dir %s%s' % (entry.get('data_dir'), ', wal-dir %s' % entry['wal_dir'] if entry.get('wal_dir') else ''))
    changed('settings in %s (%s)' % (settings.get('file'), settings.get('style')))
    changed('tools: %s' % ', '.join('%s %s' % (tool, path or 'not there') for tool, path in sorted(tools.items())))
    changed('allowed: %s' % ', '.join(entry.get('allow', [])))
    for remark in answer.get('remarks', []):
        changed(remark)
    keys, port = host_keys(sshd_settings('root'))
    candidates = hosts.split()
    address = candidates[0] if len(candidates) == 1 else own_address(candidates) or '<its host in config.yaml>'
    print("For knownHostsFile on the bot's machine:")
    for key in keys:
        changed('%s %s' % (address if port == '22' else '[%s]:%s' % (address, port), key))


commands = {
    'ready': ready,
    'found': found,
}
commands[sys.argv[1]](*sys.argv[2:])
