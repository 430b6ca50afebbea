"""Hands a file out by the channel: the database of a member that is down, or a backup of API 2, as etcd's own user."""
import hashlib
import os
import signal

from . import processes, programs, trees, versions
from .refused import failed
from .restoring import V2_ROOM_BYTES, need_room, open_file
from .users import as_user
from .wire import BLOCK_MAX_BYTES

MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional

    from .state import State
    from .users import Account
    from .wire import Wire


def fetch_database(wire: 'Wire', request_id: int, state: 'State') -> 'Dict[str, Any]':
    """A database that etcd writes while it is read would be torn, so etcd must be down before and after."""
    refuse_while_up(state, 'The database would be torn, so it is not copied')
    path = state.place.database(state.place.data)
    result = _stream(wire, request_id, state.etcd.account, path)
    from .units import Unit
    state.unit = Unit(state.unit.name)
    refuse_while_up(state, 'The database would be torn, so it is not copied')
    return result


def refuse_while_up(state: 'State', what: str) -> None:
    mine, _, _ = processes.of(state.etcd, [])
    if state.unit.is_down and not mine:
        return
    because = 'an etcd process runs (pid %s)' % ', '.join(map(str, mine)) if mine else '%s is %s' % (state.unit.name, state.unit.active)
    raise failed('%s, because %s.' % (what, because), 'Save a snapshot of the running member, or stop it first.')


def fetch_v2(wire: 'Wire', request_id: int, state: 'State') -> 'Dict[str, Any]':
    """A WAL is mostly zeros: gzip makes 64 MB a few kB. Packed by tar, as etcd's user, and without a file on the disk of the host."""
    need_room(state.place, V2_ROOM_BYTES, 'the packed backup')
    directory = state.place.path(state.run, 'restored')
    archive = directory + '.tar.gz'
    account = state.etcd.account
    try:
        state.place.perform(archive, lambda: trees.remove(archive))
        # In root's directory root makes the empty file and etcd's user fills it.
        os.close(_made(state, archive))
        tar = ['tar', '--create', '--gzip', '--sort=name', '--file=' + archive, '--directory=' + directory, 'member']
        answer = programs.run(tar, account=account, seconds=600)
        if answer.exit != 0:
            raise failed('The backup could not be packed: %s' % answer.said[:400])
        return _stream(wire, request_id, account, archive)
    finally:
        state.place.perform(archive, lambda: trees.remove(archive))


def _made(state: 'State', path: str) -> int:
    account = state.etcd.account
    if state.place.acts_as(path) == 'root':
        return trees.new_file(path, account)
    as_user(account, lambda: os.close(trees.new_file(path)))
    return os.open(os.devnull, os.O_RDONLY)


def _stream(wire: 'Wire', request_id: int, account: 'Account', path: str) -> 'Dict[str, Any]':
    """The size is announced, and that many bytes come; the sha256 is of what was sent."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            account.become()
            with open_file(path) as file, os.fdopen(writing, 'wb') as sink:
                left = os.fstat(file.fileno()).st_size
                sink.write(b'%d\n' % left)
                while left:
                    data = file.read(min(left, BLOCK_MAX_BYTES))
                    if not data:
                        break
                    sink.write(data)
                    left -= len(data)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    digest, sent = hashlib.sha256(), 0
    try:
        with os.fdopen(reading, 'rb') as source:
            head = source.readline(20)
            if not head.strip().isdigit():
                raise failed('%s cannot be read.' % path)
            size = int(head)
            wire.say({'id': request_id, 'stream': {'bytes': size}})
            while sent < size:
                data = source.read(min(BLOCK_MAX_BYTES, size - sent))
                if not data:
                    break
                digest.update(data)
                sent += len(data)
                wire.block(data)
            wire.block(b'')
    finally:
        # It may have been halted by its own user.
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if sent != size:
        raise failed('%s has %d bytes, and only %d could be read: something changes it.' % (path, size, sent))
    return {'bytes': sent, 'sha256': digest.hexdigest()}


def inspect_v2(state: 'State') -> 'Optional[Dict[str, Any]]':
    """What a backup of API 2 holds: its WAL and snapshot, how far its log counts, and whether data of API 3 is in it. None when it is not there."""
    import re
    directory = state.place.path(state.run, 'restored')
    if state.place.entry(directory) is None:
        return None
    tool = versions.fitting(state.etcd, versions.server_version(state.etcd, state.settings.program))
    database = versions.database(state.etcd, tool, directory + '/member/snap/db')

    def look() -> 'List[Any]':
        found, total = [], 0
        for inner in ('wal', 'snap'):
            fd = trees.opened('%s/member/%s' % (directory, inner))
            try:
                for name in os.listdir(fd):
                    facts = os.stat(name, dir_fd=fd, follow_symlinks=False)
                    found.append('%s/%s' % (inner, name))
                    total += facts.st_size
            finally:
                os.close(fd)
        return [found, total, _consistent_index(trees.read_head(directory + '/member/snap/db', 131072))]
    files, total, index = as_user(state.etcd.account, look)
    wals = [name for name in files if re.match(r'^wal/.+\.wal$', name)]
    if not wals:
        raise failed('There is no WAL in %s.' % directory)
    snapshots = [int(match.group(1), 16) for match in (re.match(r'^snap/[0-9a-f]{16}-([0-9a-f]{16})\.snap$', name) for name in files) if match]
    # What is in the database of a backup without data of API 3: how far the log counts, in 3.5 the term and the version too (tried on 3.4.23 and 3.5.16).
    own = 1 if tool['program'] == 'etcdctl' else 3
    held = int(database['revision']) > 0 or database['totalKeys'] > own
    return {'wal_files': len(wals), 'bytes': total, 'snapshot_index': str(max(snapshots or [0])),
            'commit_index': None if held or index is None else str(index),
            'v3': {'held': held, 'revision': database['revision'], 'total_keys': database['totalKeys']}}


def _consistent_index(head: bytes) -> 'Optional[int]':
    """`backup` writes it into the bucket `meta`, eight bytes, big endian; no tool shows it."""
    key, at, highest = b'consistent_index', 0, None
    while True:
        at = head.find(key, at)
        if at < 0 or at + len(key) + 8 > len(head):
            return highest
        at += len(key)
        value = int.from_bytes(head[at:at + 8], 'big')
        highest = value if highest is None else max(highest, value)
