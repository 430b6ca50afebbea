"""One operation of an act: the command that a person types for it, how it is done here, and what it changes in what is known."""
import errno
import os

from . import programs, trees
from .refused import Refused, failed

ROOT, ETCD = 'root', 'etcd'


class Operation:
    """
    `argv`: as root types it, or etcd's user. `work(held)`: does it, and gives an exit code and output. `assume(state)`: what holds afterwards.
    """

    def __init__(self, argv, work, assume, by=ROOT):
        self.argv = argv
        self._work = work
        self.assume = assume
        self.by = by

    def facts(self, etcd):
        account = etcd.account
        return {'argv': self.argv, 'as': self.by, 'user': account.user, 'group': account.group, 'changes': True}

    def perform(self, held):
        """An Answer; what failed is one with an exit code that is not 0."""
        try:
            answer = self._work(held)
            return answer if isinstance(answer, programs.Answer) else programs.Answer(0, b'', 0, EMPTY, 0)
        except OSError as error:
            answer = said(1, '%s: %s' % (error.filename or self.argv[-1], error.strerror or error))
            answer.refused = full(error) if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
            return answer
        except Refused as error:
            answer = said(1, error.message)
            answer.refused = error
            return answer


def full(error):
    return Refused('HOST_DISK_FULL', 'The disk is full: %s.' % (error.filename or error.strerror))


def said(code, text):
    """The Answer of an operation that is no program."""
    import hashlib
    data = text.encode('utf-8')
    return programs.Answer(code, data, len(data), hashlib.sha256(data).hexdigest(), 0)


EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'


def nothing(_state):
    """An operation after which nothing else is to be assumed."""


def command(argv, assume=nothing, accepts=(0,), by=ROOT, account=None, extra=None, seconds=programs.LOOK_SECONDS * 15):
    """A program that is run as it is shown. `extra` is its environment, shown by `env` in front."""
    def work(held):
        inner = argv[1 + len(extra):] if extra else argv
        answer = programs.run(inner, account=account, extra=extra, seconds=seconds, held=held)
        if answer.exit in accepts:
            answer.exit = 0
        return answer
    return Operation(argv, work, assume, by)


def rename(state, source, target):
    """Never over anything; that the same directory or file is there afterwards is the proof."""
    place = state.place

    def work(_held):
        before = place.entry(source)
        if before is None:
            raise failed('%s is not there.' % source)
        place.perform(target, lambda: trees.rename(source, target))
        after, left = place.entry(target), place.entry(source)
        if after is None or after['identity'] != before['identity'] or left is not None:
            raise failed('%s was to be renamed to %s, but it is not there under that name.' % (source, target),
                         'Look at both names on the host before you press Retry.')
    return Operation(['mv', '-nT', source, target], work, lambda later: later.moved(source, target))


def make_directory(state, path, owned=True):
    """An empty one, of etcd's user with mode 0700: `mkdir`, and in root's directories `chown`."""
    place, account = state.place, state.etcd.account
    as_root = place.acts_as(path) == 'root' and not account.is_root

    def make(_held):
        place.perform(path, lambda: trees.make_directory(path))

    def own(_held):
        trees.own_directory(path, account)
    made = Operation(['mkdir', '-m', '700', path], make, lambda later: later.made(path, not as_root), ROOT if as_root or account.is_root else ETCD)
    if not as_root or not owned:
        return [made]
    return [made, Operation(['chown', '-h', '%s:%s' % (account.user, account.group), path], own, lambda later: later.made(path, True))]


def own_directory(state, path):
    """The `chown` alone, where a cut has left the directory root's."""
    account = state.etcd.account
    return Operation(['chown', '-h', '%s:%s' % (account.user, account.group), path], lambda _held: trees.own_directory(path, account),
                     lambda later: later.made(path, True))


def remove(state, path, directory=True):
    """A directory with what is in it, or a file; never across a mount."""
    place = state.place
    argv = ['rm', '-rf', '--one-file-system', path] if directory else ['rm', '-f', path]
    return Operation(argv, lambda _held: place.perform(path, lambda: trees.remove(path)), lambda later: later.assume(path, None))


def to_disk(state, path):
    """Names reach the disk when their directory does."""
    directory = os.path.dirname(path)

    def work(_held):
        fd = trees.opened(directory)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    return Operation(['sync', directory], lambda held: state.place.perform(path, lambda: work(held)), nothing)


def missing(what):
    return Refused('HOST_PROTOCOL', '%s is missing.' % what)
