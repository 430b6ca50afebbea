"""Runs other programs: an argument list, an environment of our own, bounded output, a time limit. Never a shell."""
import hashlib
import os
import signal
import subprocess
import tempfile
import time

from .refused import Refused

PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
KEPT_BYTES = 1048576
LOOK_SECONDS = 20
WORK_SECONDS = 6 * 3600


class Answer:
    def __init__(self, exit_code, output, size, sha256, seconds):
        self.exit = exit_code
        self.output = output
        self.bytes = size
        self.sha256 = sha256
        self.seconds = seconds
        # Why it failed, where more is known than an exit code.
        self.refused = None

    @property
    def text(self):
        return self.output.decode('utf-8', 'replace')


def environment(extra=None):
    env = {'PATH': PATH, 'LC_ALL': 'C', 'HOME': '/', 'ETCDCTL_API': '3'}
    env.update(extra or {})
    return env


def run(argv, account=None, extra=None, seconds=LOOK_SECONDS, held=(), apart=False):
    """
    Runs it to its end. What it says goes to a file without a name, so that it can wait for nobody.
    `account`: as whom; root when not given. `held`: descriptors that it keeps open (a lock, until it ends). `apart`: stdout alone is the answer.
    """
    def become():
        os.umask(0o077)
        if account is not None:
            account.become()

    begun = time.monotonic()
    with tempfile.TemporaryFile() as output, open(os.devnull, 'r+b') as nothing:
        try:
            child = subprocess.Popen(argv, stdin=nothing, stdout=output, stderr=nothing if apart else output, env=environment(extra), cwd='/',
                                     preexec_fn=become, start_new_session=True, close_fds=True, pass_fds=held)
        except FileNotFoundError:
            raise Refused('HOST_TOOL_MISSING', 'There is no %s on this host.' % argv[0])
        except (PermissionError, OSError) as error:
            raise Refused('HOST_COMMAND_FAILED', '%s could not be started: %s.' % (argv[0], error.strerror or error))
        try:
            code = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise Refused('HOST_COMMAND_TIMEOUT', '`%s` gave no answer within %d s.' % (' '.join(argv)[:200], seconds))
        return _answer(code, output, time.monotonic() - begun)


def _answer(code, output, seconds):
    size = output.seek(0, os.SEEK_END)
    output.seek(0)
    digest = hashlib.sha256()
    kept = b''
    while True:
        data = output.read(65536)
        if not data:
            break
        digest.update(data)
        if len(kept) < KEPT_BYTES:
            kept += data
    return Answer(code, kept[:KEPT_BYTES], size, digest.hexdigest(), seconds)


def shortened(data, limit=4096):
    """At most `limit` bytes as text, its middle left out."""
    if len(data) <= limit:
        return data.decode('utf-8', 'replace')
    half = limit // 2 - 20
    return '%s\n… %d bytes left out …\n%s' % (data[:half].decode('utf-8', 'replace'), len(data) - 2 * half, data[-half:].decode('utf-8', 'replace'))
