"""Does things as etcd's own user: a child whose privileges are dropped for good, so that what etcd controls can trick nobody but etcd."""
import errno
import json
import os
import select
import signal
import sys
import time

from .refused import Refused, failed, unknown

MYPY = False
if MYPY:
    from typing import Any, Callable, Optional

ANSWER_MAX_BYTES = 8 * 1024 * 1024
# The longest is the removal of a directory of many gigabytes.
WORK_SECONDS = 900


class Account:
    """A user and group of the host by name and number."""

    def __init__(self, user: str, group: str) -> None:
        import grp
        import pwd
        try:
            entry = pwd.getpwnam(user)
            self.gid = grp.getgrnam(group).gr_gid if group else entry.pw_gid
            self.group = group or grp.getgrgid(entry.pw_gid).gr_name
        except KeyError:
            raise Refused('HOST_DESCRIPTION_INVALID', 'There is no user %s, or no group %s, on this host.' % (user, group or 'of that user'))
        self.user = user
        self.uid = entry.pw_uid
        self.gids = set(os.getgrouplist(user, self.gid))

    @property
    def is_root(self) -> bool:
        return self.uid == 0

    def become(self) -> None:
        """Drops everything else, for good. For a child only."""
        if self.is_root:
            return
        os.initgroups(self.user, self.gid)
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        if os.getresuid() != (self.uid,) * 3 or os.getresgid() != (self.gid,) * 3:
            os._exit(111)


def as_user(account: 'Account', work: 'Callable[[], Any]', seconds: float = WORK_SECONDS) -> 'Any':
    """
    What `work()` gives (JSON), done by a child as that user; OSError and Refused come back as they are.
    As root it is done here.
    """
    if account.is_root:
        return work()
    return Child(account, work).finish(seconds)


class Child:
    """Begins at once; `finish` waits for it and gives what its work gave."""

    def __init__(self, account: 'Account', work: 'Callable[[], Any]') -> None:
        self._account = account
        self._reading, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._reading)
            _child(account, work, writing)
        os.close(writing)

    def finish(self, seconds: 'Optional[float]' = None) -> 'Any':
        """After so many seconds it is killed: a pipe in the place of a file, or a SIGSTOP by its own user, would hold it for ever."""
        deadline = None if seconds is None else time.monotonic() + seconds
        told = bytearray()
        late = False
        while len(told) <= ANSWER_MAX_BYTES:
            left = None if deadline is None else max(0, deadline - time.monotonic())
            late = not select.select([self._reading], [], [], left)[0]
            data = b'' if late else os.read(self._reading, 65536)
            if not data:
                break
            told += data
        os.close(self._reading)
        if late or len(told) > ANSWER_MAX_BYTES:
            os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        if late:
            raise Refused('HOST_COMMAND_TIMEOUT', 'What was to be done as %s did not end within %s s.' % (self._account.user, seconds))
        if len(told) > ANSWER_MAX_BYTES:
            raise unknown('What was found as %s is more than %d bytes.' % (self._account.user, ANSWER_MAX_BYTES))
        try:
            answer = json.loads(bytes(told).decode('utf-8'))
        except ValueError:
            raise failed('What was to be done as %s ended without an answer (status %d).' % (self._account.user, status))
        if 'refused' in answer:
            raise Refused(*answer['refused'])
        if 'errno' in answer:
            raise OSError(answer['errno'], os.strerror(answer['errno']), answer.get('path'))
        return answer['gives']


def _child(account: 'Account', work: 'Callable[[], Any]', writing: int) -> None:
    code = 1
    try:
        os.umask(0o077)
        account.become()
        try:
            answer = {'gives': work()}
        except Refused as error:
            answer = {'refused': [error.code, error.message, error.hint]}
        except OSError as error:
            path = error.filename if isinstance(error.filename, str) else None
            answer = {'errno': error.errno or errno.EIO, 'path': path}
        data = json.dumps(answer).encode('utf-8')
        while data:
            data = data[os.write(writing, data):]
        code = 0
    except BrokenPipeError:
        pass  # who asked was killed
    except BaseException as error:
        sys.stderr.write('etcd-medic-host: %s: %s\n' % (type(error).__name__, error))
    finally:
        os._exit(code)
