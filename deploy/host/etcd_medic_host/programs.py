"""Runs other programs: an argument list, an environment of our own, bounded output, a time limit. Never a shell."""
import hashlib
import os
import re
import signal
import subprocess
import tempfile
import time

from .refused import Refused

MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional, Tuple

    from .users import Account

PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
KEPT_BYTES = 1048576
LOOK_SECONDS = 20
WORK_SECONDS = 6 * 3600


class Answer:
    def __init__(self, exit_code: int, output: 'Any', size: int, sha256: str, seconds: float) -> None:
        self.exit = exit_code
        self.output = output
        self.bytes = size
        self.sha256 = sha256
        self.seconds = seconds
        # Why it failed, where more is known than an exit code.
        self.refused: Optional[Refused] = None

    @property
    def text(self) -> str:
        return str(self.output.decode('utf-8', 'replace'))

    @property
    def said(self) -> str:
        """For people."""
        return without_keys(self.text)


def environment(extra: 'Optional[Dict[str, str]]' = None) -> 'Dict[str, str]':
    env = {'PATH': PATH, 'LC_ALL': 'C', 'HOME': '/', 'ETCDCTL_API': '3'}
    env.update(extra or {})
    return env


def run(argv: 'List[str]', account: 'Optional[Account]' = None, extra: 'Optional[Dict[str, str]]' = None, seconds: float = LOOK_SECONDS,
        held: 'Tuple[int, ...]' = (), apart: bool = False) -> 'Answer':
    """
    Runs it to its end. What it says goes to a file without a name, so that it can wait for nobody.
    `account`: as whom; root when not given. `held`: descriptors that it keeps open (a lock, until it ends). `apart`: stdout alone is the answer.
    """
    def become() -> None:
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


def _answer(code: int, output: 'Any', seconds: float) -> 'Answer':
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


def without_keys(text: str) -> str:
    """A text without private keys, whole or cut off at either end: once it is shortened, or its lines are joined, nobody can tell what one was."""
    kept: List[str] = []
    inside = False
    for line in text.split('\n'):
        if inside:
            inside = not _KEY_ENDS.search(line)
        elif _KEY_BEGINS.search(line):
            kept.append('[secret]')
            inside = not _KEY_ENDS.search(line)
        elif _KEY_ENDS.search(line):
            while kept and _KEY_LINE.match(kept[-1]):
                kept.pop()
            kept.append('[secret]')
        else:
            kept.append(line)
    return '\n'.join(kept)


_KEY_BEGINS = re.compile('-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----')
_KEY_ENDS = re.compile('-----END [A-Z ]{0,40}PRIVATE KEY-----')
_KEY_LINE = re.compile(r'[A-Za-z0-9+/=]+\s?\Z')


def shortened(data: bytes, limit: int = 4096) -> str:
    """At most `limit` characters, without private keys, the middle left out; cut between lines where it can be: half a secret is not known for one."""
    text = without_keys(data.decode('utf-8', 'replace'))
    if len(text) <= limit:
        return text
    half = limit // 2 - 20
    first, last = text[:half], text[-half:]
    first = first[:first.rfind('\n') + 1] or first
    last = last[last.find('\n') + 1:] or last
    return '%s\n… %d characters left out …\n%s' % (first.rstrip('\n'), len(text) - len(first) - len(last), last)
