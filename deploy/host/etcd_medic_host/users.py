"""Does things as etcd's own user: a child whose privileges are dropped for good, so that what etcd controls can trick nobody but etcd."""
import errno
import json
import os
import sys

from .refused import Refused, failed

ANSWER_MAX_BYTES = 4 * 1024 * 1024


class Account:
    """A user and group of the host by name and number."""

    def __init__(self, user, group):
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

    @property
    def is_root(self):
        return self.uid == 0

    def become(self):
        """Drops everything else, for good. For a child only."""
        if self.is_root:
            return
        os.initgroups(self.user, self.gid)
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        if os.getresuid() != (self.uid,) * 3 or os.getresgid() != (self.gid,) * 3:
            os._exit(111)


def as_user(account, work):
    """
    What `work()` gives (JSON), done by a child as that user; OSError and Refused come back as they are.
    As root it is done here.
    """
    if account.is_root:
        return work()
    return Child(account, work).finish()


class Child:
    """Begins at once; `finish` waits for it and gives what its work gave."""

    def __init__(self, account, work):
        self._account = account
        self._reading, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._reading)
            _child(account, work, writing)
        os.close(writing)

    def finish(self):
        told = bytearray()
        while len(told) <= ANSWER_MAX_BYTES:
            data = os.read(self._reading, 65536)
            if not data:
                break
            told += data
        os.close(self._reading)
        _, status = os.waitpid(self._pid, 0)
        try:
            answer = json.loads(bytes(told).decode('utf-8'))
        except ValueError:
            raise failed('What was to be done as %s ended without an answer (status %d).' % (self._account.user, status))
        if 'refused' in answer:
            raise Refused(*answer['refused'])
        if 'errno' in answer:
            raise OSError(answer['errno'], os.strerror(answer['errno']), answer.get('path'))
        return answer['gives']


def _child(account, work, writing):
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
