"""Part of `etcd-medic kit`: the program's hash, and host.json, which other etcds of the host share.

Root runs it, with Python 3.6 or newer and `-I`. A change is a line on standard output; a fault is one on standard error, with exit code 1.
"""
import hashlib
import json
import os
import stat
import sys
import tempfile

HOST_JSON = '/etc/etcd-medic/host.json'
DEFAULT_ALLOW = ['look', 'stop-and-start', 'restore', 'replace', 'fetch-database']


def changed(text):
    print('  ' + text)


def root_alone(path, kind):
    """Whether a path is root's own file or directory, no link, and nobody else may write to it."""
    there = os.lstat(path)
    return kind(there.st_mode) and there.st_uid == 0 and not there.st_mode & (0o022 if there.st_gid else 0o002)


def program_hash(directory):
    """The sha256 by which a version is known: of name, newline and content of each module, by name. Nothing when others may write to it."""
    package = os.path.join(directory, 'etcd_medic_host')
    if not os.path.isdir(package):
        return
    names = sorted(name for name in os.listdir(package) if name != '__pycache__')
    paths = [os.path.join(package, name) for name in names]
    if not all(root_alone(path, stat.S_ISDIR) for path in (directory, package)) or not all(root_alone(path, stat.S_ISREG) for path in paths):
        return
    digest = hashlib.sha256()
    for name, path in zip(names, paths):
        with open(path, 'rb') as file:
            digest.update(name.encode() + b'\n' + file.read())
    print(digest.hexdigest())


def read_description():
    try:
        if not root_alone(HOST_JSON, stat.S_ISREG):
            sys.exit('%s must be a file of root that nobody else may write' % HOST_JSON)
        with open(HOST_JSON, encoding='utf-8') as file:
            description = json.load(file)
    except FileNotFoundError:
        return {'version': 1, 'sudo': True, 'etcds': {}}
    except ValueError as error:
        sys.exit('%s is no JSON (%s): correct it, or move it away to have it made anew' % (HOST_JSON, error))
    if not isinstance(description, dict) or description.get('version') != 1 or not isinstance(description.get('etcds'), dict):
        sys.exit('%s is not of version 1: correct it, or move it away to have it made anew' % HOST_JSON)
    return description


def write_description(description):
    directory = os.path.dirname(HOST_JSON)
    if not os.path.isdir(directory):
        os.mkdir(directory, 0o755)
    if not root_alone(directory, stat.S_ISDIR):
        sys.exit('%s must be a directory of root that nobody else may write' % directory)
    handle, path = tempfile.mkstemp(prefix='.host.json.', dir=directory)
    try:
        with os.fdopen(handle, 'w', encoding='utf-8') as file:
            json.dump(description, file, indent=2, ensure_ascii=False)
            file.write('\n')
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
        os.rename(path, HOST_JSON)
    except BaseException:
        os.unlink(path)
        raise


def put_entry(found, allow, root):
    """Adds or updates one etcd. Which verbs are allowed changes only when it was said: the host's owner may have narrowed them here."""
    found = json.loads(found)
    name, entry = found['name'], dict(found['entry'])
    description = read_description()
    old = description['etcds'].get(name)
    before = json.dumps(description)
    entry['allow'] = allow.split(',') if allow else (old or {}).get('allow', DEFAULT_ALLOW)
    description['sudo'] = not root
    description['etcds'][name] = entry
    if json.dumps(description) == before:
        return
    write_description(description)
    if old is None:
        changed('wrote %s into %s' % (name, HOST_JSON))
        return
    for key in sorted(set(old) | set(entry)):
        if old.get(key) != entry.get(key):
            changed('%s: %s of %s is %s, was %s' % (HOST_JSON, key, name, json.dumps(entry.get(key)), json.dumps(old.get(key))))


def drop_entry(unit):
    """Takes the etcd of that unit out; the file too when it was the last."""
    if not os.path.lexists(HOST_JSON):
        return
    description = read_description()
    wanted = unit if unit.endswith('.service') else unit + '.service'
    names = [name for name, entry in description['etcds'].items() if entry.get('unit') == wanted or name == unit]
    for name in names:
        del description['etcds'][name]
        changed('took %s out of %s' % (name, HOST_JSON))
    if description['etcds']:
        if names:
            write_description(description)
        return
    os.unlink(HOST_JSON)
    changed('removed %s' % HOST_JSON)
    try:
        os.rmdir(os.path.dirname(HOST_JSON))
    except OSError:
        pass  # Others keep things there.


def entries():
    if os.path.lexists(HOST_JSON):
        print(' '.join(read_description()['etcds']))


commands = {
    'hash': program_hash,
    'put': put_entry,
    'drop': drop_entry,
    'names': entries,
}
commands[sys.argv[1]](*sys.argv[2:])
