"""Takes a file in by the channel. A paused sender never ends it, so no lock is held meanwhile: the epoch is asked before and after."""
import errno
import fcntl
import hashlib
import os
import subprocess
import threading

from . import trees
from .operations import full, said
from .refused import Refused, failed
from .restoring import MARGIN_BYTES, need_room
from .users import Child
from .wire import BLOCK_MAX_BYTES, Gone

# Not in Python's fcntl before 3.10 (fcntl(2)).
F_SETPIPE_SZ = 1031

MYPY = False
if MYPY:
    from typing import Any, Callable, Iterator, Optional

    from .fence import Fence
    from .operations import Operation
    from .place import Place
    from .restoring import Receive
    from .state import State
    from .wire import Wire


def receive(wire: 'Wire', request_id: int, act: 'Receive', state: 'State', fence: 'Fence', record: 'Callable[..., Any]') -> None:
    """
    Raises Refused, or Gone when the channel ends in the middle; no file has the run's name then.
    `record(operation, begun)`: what is told of each operation.
    """
    place = state.place
    place.demand()
    path = place.path(state.run, 'snapshot')
    part = path + '.part'
    with fence.held('receive %s' % path):
        if place.entry(path) is not None:
            from .restoring import file_sha256
            if file_sha256(state) == act.sha256:
                wire.say({'id': request_id, 'ready': False})
                return
            place.perform(path, lambda: trees.remove(path))
        place.perform(path, lambda: trees.remove(part))
        need_room(place, act.bytes + MARGIN_BYTES, 'the snapshot')
    wire.say({'id': request_id, 'ready': True})
    steps = act.decide(state)
    at: Optional[Operation] = steps[0]
    begun = record(steps[0], None)
    try:
        arrived = _take(wire, place, part, act)
        record(at, begun)
        at, begun = steps[1], record(steps[1], None)
        if arrived != act.sha256:
            raise failed('The file arrived with sha256 %s, not %s: it was cut, or the local file has changed.' % (arrived, act.sha256))
        record(at, begun)
        at = None  # between two of them
        with fence.held('receive %s' % path):
            at, begun = steps[2], record(steps[2], None)
            place.perform(path, lambda: trees.rename(part, path))
        record(at, begun)
    except BaseException as error:
        # Under the lock and only while nobody newer has begun one of that name.
        try:
            with fence.held('receive %s' % path):
                place.perform(path, lambda: trees.remove(part))
        except (Refused, OSError):
            pass
        error = _in_words(error, part)
        if at is not None:
            record(at, begun, said(1, str(error) or 'the channel ended'))
        raise error


def _in_words(error: BaseException, path: str) -> BaseException:
    """A disk that filled up, and whatever else the host says."""
    if not isinstance(error, OSError):
        return error
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full(error)
    return failed('%s could not be written: %s.' % (error.filename or path, error.strerror or error))


def _take(wire: 'Wire', place: 'Place', part: str, act: 'Receive') -> str:
    """Creates the file, or fails if anything has that name: no link is followed. Mode 0600 from the start."""
    if place.acts_as(part) == 'etcd':
        return _as_etcd(wire, place, part, act)
    return _write(_blocks(wire, act), trees.new_file(part), act)


def _as_etcd(wire: 'Wire', place: 'Place', part: str, act: 'Receive') -> str:
    """etcd's user makes the file; this process, which reads the channel, hands it the bytes by a pipe."""
    reading, writing = os.pipe()
    try:
        fcntl.fcntl(writing, F_SETPIPE_SZ, BLOCK_MAX_BYTES)
    except OSError:
        pass  # the usual 64 KiB: as right, and slower

    def child() -> str:
        os.close(writing)
        # Unbuffered: what a buffer gathers is copied once more.
        with os.fdopen(reading, 'rb', 0) as source:
            return _write(iter(lambda: source.read(BLOCK_MAX_BYTES), b''), trees.new_file(part), act)
    at_work = Child(place.account, child)
    os.close(reading)
    try:
        for data in _blocks(wire, act):
            view = memoryview(data)
            while view:
                view = view[os.write(writing, view):]
    except BrokenPipeError:
        pass  # it says itself why it ended
    except BaseException:
        os.close(writing)
        try:
            at_work.finish()
        except (Refused, OSError):
            pass
        raise
    os.close(writing)
    return at_work.finish()


def _write(blocks: 'Iterator[bytes]', file: int, act: 'Receive') -> str:
    """
    sha256 of what was written; never more than was announced, whatever unpacks to more. Without fsync: a host that loses its power has a torn file
    then, and a restore from it ends at the hash that is checked again there.
    """
    digest, size = hashlib.sha256(), 0
    try:
        for data in blocks:
            size += len(data)
            if size > act.bytes:
                raise failed('More bytes arrived than the %d that were announced.' % act.bytes)
            digest.update(data)
            view = memoryview(data)
            while view:
                view = view[os.write(file, view):]
            # Asked again and again: others may fill the same disk meanwhile, and etcd must not run out of it.
            facts = os.fstatvfs(file)
            if facts.f_bavail * facts.f_frsize < MARGIN_BYTES:
                raise Refused('HOST_DISK_FULL', 'Less than %d MiB are left on the disk of the data; the file was not taken.' % (MARGIN_BYTES // 1048576))
    finally:
        os.close(file)
    return digest.hexdigest()


def _blocks(wire: 'Wire', act: 'Receive') -> 'Iterator[bytes]':
    if act.encoding == 'none':
        return wire.blocks(act.bytes)
    return _unpacked(wire, act)


def _unpacked(wire: 'Wire', act: 'Receive') -> 'Iterator[bytes]':
    """zstd's own program unpacks, as nobody special: it sees a pipe on both sides and no file."""
    def lesser() -> None:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    try:
        child = subprocess.Popen(['zstd', '-dc', '--memory=64MB'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd='/',
                                 env={'PATH': '/usr/local/bin:/usr/bin:/bin'}, preexec_fn=lesser, start_new_session=True)
    except FileNotFoundError:
        raise Refused('HOST_TOOL_MISSING', 'There is no zstd on this host.')
    stdin, stdout = child.stdin, child.stdout
    assert stdin is not None and stdout is not None  # noqa: S101 -- for mypy: they are pipes
    failures = []

    def feed() -> None:
        try:
            # Packed it is hardly ever larger, and never by more than this.
            for data in wire.blocks(act.bytes + act.bytes // 128 + 65536):
                stdin.write(data)
        except (Refused, Gone, OSError) as error:
            failures.append(error)
        try:
            stdin.close()
        except OSError:
            pass
    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield from iter(lambda: stdout.read(BLOCK_MAX_BYTES), b'')
    finally:
        stdout.close()
        thread.join()
        code = child.wait()
    if failures and isinstance(failures[0], (Refused, Gone)):
        raise failures[0]
    if code != 0:
        raise failed('What arrived is no zstd stream.')
