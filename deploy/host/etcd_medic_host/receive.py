"""Takes a file in by the channel. A paused sender never ends it, so no lock is held meanwhile: the epoch is asked before and after."""
import errno
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


def receive(wire, request_id, act, state, fence, record):
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
    at, begun = steps[0], record(steps[0], None)
    try:
        arrived = _take(wire, place, part, act)
        record(at, begun)
        at, begun = steps[1], record(steps[1], None)
        if arrived != act.sha256:
            raise failed('The file arrived with sha256 %s, not %s: it was cut, or the local file has changed.' % (arrived, act.sha256))
        record(at, begun)
        at = None
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


def _in_words(error, path):
    """A disk that filled up, and whatever else the host says."""
    if not isinstance(error, OSError):
        return error
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full(error)
    return failed('%s could not be written: %s.' % (error.filename or path, error.strerror or error))


def _take(wire, place, part, act):
    """The file is made anew, or not at all: no link that somebody put there is followed. Mode 0600 from its first moment."""
    if place.acts_as(part) == 'etcd':
        return _as_etcd(wire, place, part, act)
    return _write(_blocks(wire, act), trees.new_file(part), act)


def _as_etcd(wire, place, part, act):
    """etcd's user makes the file; this process, which reads the channel, hands it the bytes by a pipe."""
    reading, writing = os.pipe()

    def child():
        os.close(writing)
        with os.fdopen(reading, 'rb') as source:
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


def _write(blocks, file, act):
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
    finally:
        os.close(file)
    return digest.hexdigest()


def _blocks(wire, act):
    if act.encoding == 'none':
        return wire.blocks(act.bytes)
    return _unpacked(wire, act)


def _unpacked(wire, act):
    """zstd's own program unpacks, as nobody special: it sees a pipe on both sides and no file."""
    def lesser():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    try:
        child = subprocess.Popen(['zstd', '-dc', '--memory=64MB'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd='/',
                                 env={'PATH': '/usr/local/bin:/usr/bin:/bin'}, preexec_fn=lesser, start_new_session=True)
    except FileNotFoundError:
        raise Refused('HOST_TOOL_MISSING', 'There is no zstd on this host.')
    failures = []

    def feed():
        try:
            # Packed it is hardly ever larger, and never by more than this.
            for data in wire.blocks(act.bytes + act.bytes // 128 + 65536):
                child.stdin.write(data)
        except (Refused, Gone, OSError) as error:
            failures.append(error)
        try:
            child.stdin.close()
        except OSError:
            pass
    thread = threading.Thread(target=feed)
    thread.start()
    try:
        for data in iter(lambda: child.stdout.read(BLOCK_MAX_BYTES), b''):
            yield data
    finally:
        child.stdout.close()
        thread.join()
        code = child.wait()
    if failures and isinstance(failures[0], (Refused, Gone)):
        raise failures[0]
    if code != 0:
        raise failed('What arrived is no zstd stream.')
