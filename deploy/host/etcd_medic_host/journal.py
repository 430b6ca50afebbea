"""The host's own record: every request and every operation, a line each, in a file of root's and in the journal."""
import json
import os
import time

MYPY = False
if MYPY:
    from typing import Dict

PATH = '/var/log/etcd-medic-host.log'
MAX_BYTES = 16 * 1024 * 1024


def who() -> 'Dict[str, str]':
    """As far as it is known: the user that sudo was called by, and where the ssh connection came from."""
    return {'user': os.environ.get('SUDO_USER') or os.environ.get('USER') or '', 'from': (os.environ.get('SSH_CLIENT') or '').split(' ')[0]}


class Journal:
    def __init__(self, path: str = PATH) -> None:
        self._path = path
        self._who = who()

    def note(self, **fields: object) -> None:
        """Raises OSError when it cannot be written: what cannot be recorded is not done."""
        entry = {'time': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'pid': os.getpid()}
        entry.update(self._who)
        entry.update(fields)
        line = json.dumps(entry, separators=(',', ':')) + '\n'
        self._turn()
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            data = line.encode('ascii')
            while data:
                data = data[os.write(fd, data):]
        finally:
            os.close(fd)
        if fields.get('verb') != 'look':
            import syslog
            syslog.openlog('etcd-medic-host', 0, syslog.LOG_AUTHPRIV)
            syslog.syslog(syslog.LOG_INFO, line.rstrip('\n')[:4000])

    def _turn(self) -> None:
        try:
            if os.stat(self._path).st_size > MAX_BYTES:
                os.rename(self._path, self._path + '.1')
        except OSError:
            pass
