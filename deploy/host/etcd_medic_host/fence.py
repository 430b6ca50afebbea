"""
Which worker may act: the newest epoch of each run is kept on record, and one act at a time is done on an etcd, under a lock.
A worker that was paused while another took its run over is refused. docs/adr/0016-fence-on-the-host.md.
"""
import fcntl
import os
import re
import time

from .refused import Refused

MYPY = False
if MYPY:
    from typing import Any, Callable

ROOT = '/var/lib/etcd-medic-host'
TURN_SECONDS = 10
EARLIER_SECONDS = 120
KEPT_DAYS = 30
# Each is a directory with two files: whoever has the key could fill the disk with them.
RUNS_MAX = 10000
# \Z and not $, which lets a newline through.
RUN = re.compile(r'^[a-z][a-z0-9-]{2,90}-[0-9a-f]{6}\Z')


def unkept(error: object) -> 'Refused':
    return Refused('HOST_EPOCH_FAILED', 'The host cannot keep on record which worker has this run (%s).' % error,
                   'There must be room and a writable %s on the host; then press Retry.' % ROOT)


class Fence:
    """For one run at one epoch on one etcd."""

    def __init__(self, name: str, run: str, epoch: int, root: str = ROOT, clock: 'Callable[[], float]' = time.monotonic) -> None:
        self._place = os.path.join(root, name)
        self._record = os.path.join(self._place, 'runs', run)
        self._epoch = epoch
        self._clock = clock
        self._lock = None

    def begin(self) -> None:
        """Puts this epoch on record, on the disk: from then on older ones are refused, also after a loss of power."""
        try:
            self._begin()
        except OSError as error:
            raise unkept(error)

    def _begin(self) -> None:
        if not os.path.isdir(self._record):
            os.makedirs(os.path.join(self._place, 'runs'), 0o700, exist_ok=True)
            self._forget_old()
            os.makedirs(self._record, 0o700, exist_ok=True)
        with _Locked(os.path.join(self._record, 'turn'), TURN_SECONDS, self._clock, 'another worker begins this run'):
            kept = self._kept()
            if kept > self._epoch:
                raise self._fenced(kept)
            if kept < self._epoch:
                path = os.path.join(self._record, 'epoch')
                with open(path + '.next', 'w') as file:
                    file.write('%d\n' % self._epoch)
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(path + '.next', path)
                _sync(self._record)

    def _kept(self) -> int:
        try:
            with open(os.path.join(self._record, 'epoch'), 'rb') as file:
                text = file.read(64)
        except FileNotFoundError:
            return 0
        if not re.match(br'^[0-9]{1,19}\n?\Z', text):
            raise OSError('%s/epoch holds no epoch' % self._record)
        return int(text)

    def _fenced(self, kept: int) -> 'Refused':
        return Refused('HOST_FENCED', 'Nothing was done: a newer worker has this run (it stands at epoch %d here, this worker holds %d).'
                       % (kept, self._epoch))

    def check(self) -> None:
        """Raises Refused HOST_FENCED when a newer worker has the run now, or the record is gone."""
        try:
            kept = self._kept()
        except OSError as error:
            raise unkept(error)
        if kept > self._epoch:
            raise self._fenced(kept)
        if kept < self._epoch:
            raise unkept('%s/epoch was removed' % self._record)

    def held(self, what: str) -> '_Held':
        """The lock of this etcd, for as long as an act lasts: a context. Waits for what an earlier worker has under way."""
        lock = _Locked(os.path.join(self._place, 'lock'), EARLIER_SECONDS, self._clock, 'what was begun here before still runs', what)
        return _Held(lock, self)

    def _forget_old(self) -> None:
        runs = os.path.join(self._place, 'runs')
        names = os.listdir(runs)
        for name in names:
            path = os.path.join(runs, name)
            try:
                if RUN.match(name) and time.time() - os.stat(path).st_mtime > KEPT_DAYS * 86400:
                    for inner in ('epoch', 'epoch.next', 'turn'):
                        if os.path.lexists(os.path.join(path, inner)):
                            os.unlink(os.path.join(path, inner))
                    os.rmdir(path)
            except OSError:
                continue  # another worker was quicker, or somebody keeps something there
        if len(names) >= RUNS_MAX and len(os.listdir(runs)) >= RUNS_MAX:
            raise OSError('%d runs of the last %d days are on record in %s already' % (RUNS_MAX, KEPT_DAYS, runs))


class _Held:
    def __init__(self, lock: '_Locked', fence: 'Fence') -> None:
        self._lock = lock
        self._fence = fence

    def __enter__(self) -> 'Any':
        try:
            self._lock.__enter__()
        except OSError as error:
            raise unkept(error)
        try:
            self._fence.check()
        except BaseException:
            self._lock.__exit__()
            raise
        return self

    @property
    def descriptor(self) -> int:
        """A tool that keeps it open keeps the lock until it ends, also when this program was killed."""
        return self._lock.descriptor

    def __exit__(self, *_: object) -> None:
        self._lock.__exit__()


class _Locked:
    def __init__(self, path: str, seconds: float, clock: 'Callable[[], float]', because: str, what: str = '') -> None:
        self._path = path
        self._seconds = seconds
        self._clock = clock
        self._because = because
        self._what = what
        self.descriptor = -1

    def __enter__(self) -> 'Any':
        # Not for writing: etcd's tools inherit it, and could fill root's disk by it.
        self.descriptor = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        deadline = self._clock() + self._seconds
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):
                if self._clock() > deadline:
                    holder = os.pread(self.descriptor, 200, 0).decode('utf-8', 'replace').strip()
                    os.close(self.descriptor)
                    raise Refused('HOST_COMMAND_TIMEOUT', 'Nothing was done: %s after %d s%s.'
                                  % (self._because, self._seconds, ' (%s)' % holder if holder else ''),
                                  'Look what still runs on the host; when it has ended, press Retry.')
                time.sleep(0.02)
        if self._what:
            with open(self._path, 'wb') as file:
                file.write(self._what.encode('utf-8')[:200])
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
