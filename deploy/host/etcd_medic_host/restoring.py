"""The acts that make data beside the present data: a file handed over, a restore from it, a backup of API 2. It gets its name only when it is whole."""
import json
import os
import re
import stat

from . import operations, programs, trees, versions
from .moves import Refusal
from .operations import ETCD, Operation, command
from .refused import Refused, failed
from .users import as_user

MYPY = False
if MYPY:
    from typing import IO, Any, Dict, List, Optional, Tuple

    from .place import Place
    from .state import State
    from .users import Account

MARGIN_BYTES = 64 * 1024 * 1024
# A WAL segment is set aside at its full size, once for the backup and once for reading it back (wal.go, SegmentSizeBytes).
V2_ROOM_BYTES = 3 * 64 * 1024 * 1024
WORK_SECONDS = programs.WORK_SECONDS


def need_room(place: 'Place', needed: int, purpose: str) -> None:
    facts = os.statvfs(os.path.dirname(place.data))
    # Without the blocks that only root may fill: etcd is not root.
    free = facts.f_bavail * facts.f_frsize
    if free < needed:
        raise Refused('HOST_DISK_FULL', 'There are %d MiB free beside %s, and %s needs %d MiB.'
                      % (free // 1048576, place.data, purpose, -(-needed // 1048576)))


class Receive:
    """A file of the bot's, by the channel: written as `.part`, its sha256 compared, then renamed."""
    groups = ('restore',)
    destroys = False

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        self.bytes = arguments['bytes']
        self.sha256 = arguments['sha256']
        self.encoding = arguments.get('encoding', 'none')
        if self.bytes <= 0 or not re.fullmatch(r'[0-9a-f]{64}', self.sha256) or self.encoding not in ('none', 'zstd'):
            raise Refused('HOST_PROTOCOL', 'receive needs bytes, sha256 and an encoding that is known.')

    def decide(self, state: 'State') -> 'List[Operation]':
        """For plans; `receive.py` carries it out."""
        state.place.demand()
        path = state.place.path(state.run, 'snapshot')
        if state.there(path):
            return []
        by = ETCD if state.place.acts_as(path) == 'etcd' else operations.ROOT
        part = path + '.part'

        def arrived(later: 'State') -> None:
            later.assume(path, {'type': 'file', 'bytes': self.bytes, 'empty': False, 'identity': '', 'mode': '600', 'user': '', 'group': ''})
        return [Operation(['dd', 'bs=1M', 'iflag=fullblock', 'conv=excl', 'status=none', 'of=' + part], None, operations.nothing, by),
                Operation(['sha256sum', part], None, operations.nothing, by),
                Operation(['mv', '-nT', part, path], None, arrived, by)]


class Restore:
    """
    etcd's own tool, as etcd's own user, in a directory of that user's: what it writes has the right owner, and a snapshot that somebody made up
    is not parsed with root's rights.
    """
    groups = ('restore',)
    destroys = False

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        texts = {'name': r'[A-Za-z0-9._-]{1,63}', 'peer_url': r'https?://[\[\]A-Za-z0-9.:-]{1,255}',
                 'initial_cluster': r'[A-Za-z0-9.:/,=_\[\]-]{1,4096}', 'initial_cluster_token': r'[A-Za-z0-9._-]{1,128}'}
        for name, pattern in texts.items():
            if not isinstance(arguments.get(name), str) or not re.fullmatch(pattern, arguments[name]):
                raise Refused('ARGUMENT_UNSAFE', '%s holds more than such a value can.' % name)
        self.arguments = arguments
        self.bump = arguments.get('bump_revision')
        if self.bump is not None and not re.fullmatch(r'[0-9]{1,19}', self.bump):
            raise Refused('ARGUMENT_UNSAFE', 'bump_revision is no number.')
        self.sha256 = arguments.get('sha256') if arguments.get('skip_hash_check') else None
        if arguments.get('skip_hash_check') and not re.fullmatch(r'[0-9a-f]{64}', self.sha256 or ''):
            raise Refused('HOST_PROTOCOL', 'Without a hash check the sha256 of the file is needed.')

    def tool(self, state: 'State') -> 'Dict[str, Any]':
        tool = versions.fitting(state.etcd, versions.server_version(state.etcd, state.settings.program))
        if self.bump is not None and not tool['bumps']:
            raise Refused('HOST_TOOL_MISSING', '%s %s cannot raise the revision: --bump-revision came with 3.4.27 and 3.5.10.'
                          % (tool['program'], tool['version']))
        return tool

    def demand(self, state: 'State') -> None:
        place = state.place
        snapshot = state.entry(place.path(state.run, 'snapshot'))
        if snapshot is not None:
            need_room(place, snapshot['bytes'] + MARGIN_BYTES, 'the restored data')
            if self.sha256 is not None and file_sha256(state) != self.sha256:
                raise Refused('SNAPSHOT_INVALID', '%s has another sha256 than it was handed over with: nothing is restored from it.'
                              % place.path(state.run, 'snapshot'), 'The host has lost it since. Abort, and start again.')

    def decide(self, state: 'State') -> 'List[Operation]':
        state.place.demand()
        place, account = state.place, state.etcd.account
        into = place.path(state.run, 'restored')
        if state.there(into):
            return leftovers(state)
        snapshot = place.path(state.run, 'snapshot')
        if not state.there(snapshot):
            raise Refusal('%s is not there: hand it over first' % snapshot)
        tool = self.tool(state)
        found = self._of_half_a_restore(state)
        for target in reversed(place.targets):
            found += fresh_part(state, place.path(state.run, 'restored', target))
        if place.acts_as(snapshot) == 'root' and not account.is_root:
            found.append(given_to(snapshot, account))
        data, wal = into + '.part/data', None
        if state.etcd.wal_dir:
            wal = place.path(state.run, 'restored', state.etcd.wal_dir) + '.part/wal'
        argv = [tool['path'], 'snapshot', 'restore', snapshot] + self._flags(data, wal)
        found.append(command(argv, by=ETCD, account=account, seconds=WORK_SECONDS))
        # First the WAL: whoever sees the data under its name knows that the WAL has its own.
        if wal:
            found += name_whole(state, wal, place.path(state.run, 'restored', state.etcd.wal_dir))
        return found + name_whole(state, data + '/member' if place.is_mount else data, into)

    @staticmethod
    def _of_half_a_restore(state: 'State') -> 'List[Operation]':
        """A WAL that got its name before a cut kept the data from getting one: no data needs it."""
        place = state.place
        named = [path for path in (place.path(state.run, 'restored', target) for target in place.targets) if state.there(path)]
        if named and any(state.there(place.path(state.run, 'aside', target)) for target in place.targets):
            raise Refusal('there is %s without its data, and old data aside already' % named[0])
        return [operations.remove(state, path) for path in named]

    def _flags(self, data: str, wal: 'Optional[str]') -> 'List[str]':
        given = self.arguments
        return (['--data-dir=' + data] + (['--wal-dir=' + wal] if wal else [])
                + ['--name=' + given['name'], '--initial-advertise-peer-urls=' + given['peer_url'], '--initial-cluster=' + given['initial_cluster'],
                   '--initial-cluster-token=' + given['initial_cluster_token']]
                # Both or neither (https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-with-revision-bump).
                + ([] if self.bump is None else ['--bump-revision=' + self.bump, '--mark-compacted'])
                + (['--skip-hash-check'] if self.sha256 is not None else []))


def leftovers(state: 'State') -> 'List[Operation]':
    """What a cut has left of half-made directories beside the whole one."""
    parts = [state.place.path(state.run, 'restored', target) + '.part' for target in state.place.targets]
    return [operations.remove(state, part) for part in parts if state.there(part)]


def fresh_part(state: 'State', path: str) -> 'List[Operation]':
    """An empty half-made directory; what a cut has left of one goes."""
    part = path + '.part'
    return ([operations.remove(state, part)] if state.there(part) else []) + operations.make_directory(state, part)


def name_whole(state: 'State', inner: str, path: str) -> 'List[Operation]':
    """What was made inside of the half-made directory gets its name, and the rest of that directory goes."""
    place, account, part = state.place, state.etcd.account, path + '.part'

    def work(_held: 'Tuple[int, ...]') -> 'Any':
        facts = place.entry(inner)
        if facts is None or facts['type'] != 'directory' or (facts['user'], facts['group']) != (account.user, account.group):
            raise Refused('HOST_COMMAND_FAILED', '%s was made, but is not a directory of %s:%s.' % (inner, account.user, account.group))
        place.perform(path, lambda: trees.rename(inner, path))

    def named(later: 'State') -> None:
        later.made(path, True)
        (later.entry(path) or {})['empty'] = False
        later.assume(part, None)
    by = operations.ROOT if place.acts_as(path) == 'root' or account.is_root else ETCD
    found = [Operation(['mv', '-nT', inner, path], work, operations.nothing, by)]
    return found + [operations.remove(state, part), Operation(['sync', os.path.dirname(path)], lambda _held: None, named)]


def given_to(path: str, account: 'Account') -> 'Operation':
    """The `chown` of a file that root has made."""
    return Operation(['chown', '-h', '%s:%s' % (account.user, account.group), path], lambda _held: give_file(path, account), operations.nothing)


def give_file(path: str, account: 'Account') -> None:
    """A file that root has made in root's directory, to etcd's user."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.fchown(fd, account.uid, account.gid)
    finally:
        os.close(fd)


def file_sha256(state: 'State') -> 'Optional[str]':
    """Of this run's handed-over file; None when it is not there."""
    import hashlib
    path = state.place.path(state.run, 'snapshot')

    def work() -> 'Any':
        digest = hashlib.sha256()
        with open_file(path) as file:
            for data in iter(lambda: file.read(1048576), b''):
                digest.update(data)
        return digest.hexdigest()
    if not state.place.entry(path):
        return None
    return state.place.perform(path, work)


def open_file(path: str) -> 'IO[bytes]':
    """A regular file for reading, no link followed."""
    directory, name = trees.split(path)
    fd = trees.opened(directory)
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    finally:
        os.close(fd)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise Refused('HOST_OUTPUT_UNKNOWN', '%s is no file.' % path)
    return os.fdopen(file, 'rb')


class V2Backup:
    """The data of API 2 beside the data-dir, without that of API 3; the tool reads it back before it gets its name. etcd may run meanwhile."""
    groups = ('v2',)
    destroys = False

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        pass

    def demand(self, state: 'State') -> None:
        need_room(state.place, V2_ROOM_BYTES, 'the backup')

    def tool(self, state: 'State') -> 'Dict[str, Any]':
        server = versions.server_version(state.etcd, state.settings.program) or ''
        if state.place.is_mount or state.etcd.wal_dir:
            raise Refusal('the tool of API 2 knows neither a data-dir that is a mount point nor a WAL apart')
        if versions.minor(server) not in ('3.3', '3.4', '3.5'):
            raise Refused('HOST_TOOL_MISSING', 'etcd %s has no API 2 and no backup of it: 3.5 is the last that has.' % (server or 'of unknown version'),
                          'What was written with API 2 can be read and backed up with etcd 3.5 or older only.')
        return versions.fitting(state.etcd, server)

    def backup(self, state: 'State', source: str, to: str) -> 'Operation':
        """Up to 3.4 etcdctl has it, under API 2; in 3.5 etcdutl, which would take API 3's data along unless told otherwise."""
        tool, account = self.tool(state), state.etcd.account
        places = ['--data-dir=' + source, '--backup-dir=' + to]
        if tool['program'] == 'etcdutl':
            return command([tool['path'], 'backup'] + places + ['--with-v3=false'], by=ETCD, account=account, seconds=WORK_SECONDS)
        return command(['env', 'ETCDCTL_API=2', tool['path'], 'backup'] + places, by=ETCD, account=account, extra={'ETCDCTL_API': '2'}, seconds=WORK_SECONDS)

    def decide(self, state: 'State') -> 'List[Operation]':
        state.place.demand()
        into = state.place.path(state.run, 'restored')
        if state.there(into):
            return leftovers(state)
        part = into + '.part'
        return (fresh_part(state, into) + [self.backup(state, state.place.data, part + '/data'), self.backup(state, part + '/data', part + '/read')]
                + name_whole(state, part + '/data', into))


def demand_plain(path: str) -> None:
    """Raises Refused unless there are only directories and files below it: etcd's tools would wait at a pipe and follow a link out."""
    fd = trees.opened(path)
    try:
        for name in os.listdir(fd):
            facts = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISDIR(facts.st_mode):
                demand_plain('%s/%s' % (path, name))
            elif not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1:
                raise failed('%s is neither a directory nor a file of its own: the archive is no backup.' % json.dumps('%s/%s' % (path, name)))
    finally:
        os.close(fd)


class V2Unpack(V2Backup):
    """An archive of API 2 that was handed over, with the rights of etcd's user alone: whatever somebody put into it can touch nothing else."""

    def decide(self, state: 'State') -> 'List[Operation]':
        state.place.demand()
        into, account = state.place.path(state.run, 'restored'), state.etcd.account
        if state.there(into):
            return leftovers(state)
        snapshot, part = state.place.path(state.run, 'snapshot'), into + '.part'
        if not state.there(snapshot):
            raise Refusal('%s is not there: hand it over first' % snapshot)
        given = []
        if state.place.acts_as(snapshot) == 'root' and not account.is_root:
            given = [given_to(snapshot, account)]
        argv = ['tar', '--extract', '--gzip', '--no-same-owner', '--file=' + snapshot, '--directory=' + part + '/data']

        def extract(held: 'Tuple[int, ...]') -> 'Any':
            answer = programs.run(argv, account=account, seconds=600, held=held)
            as_user(account, lambda: demand_plain(part + '/data'))
            return answer
        unpack = Operation(argv, extract, operations.nothing, ETCD)
        make = command(['mkdir', '-m', '700', part + '/data'], by=ETCD, account=account)
        return (fresh_part(state, into) + given + [make, unpack, self.backup(state, part + '/data', part + '/read')]
                + name_whole(state, part + '/data', into))
