"""Which processes are an etcd of this host, told by its unit's cgroup, by the data-dir it has open, and by its command line; never by a name alone."""
import os
import re

MYPY = False
if MYPY:
    from typing import Iterator, List, Optional, Tuple

    from .description import Etcd


class Process:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        base = '/proc/%d' % pid
        self.uid = os.stat(base).st_uid
        with open(base + '/cgroup', 'rb') as file:
            self.cgroups = {part for line in file.read(65536).decode('utf-8', 'replace').split('\n') for part in line.rpartition(':')[2].split('/')}
        with open(base + '/cmdline', 'rb') as file:
            self.words = file.read(65536).decode('utf-8', 'replace').split('\0')
        with open(base + '/comm', 'rb') as file:
            self.name = file.read(64).decode('utf-8', 'replace').strip()

    def has_open(self, directory: str) -> 'Optional[bool]':
        """Whether a file below the directory is open in it; None when that cannot be seen."""
        try:
            for fd in os.listdir('/proc/%d/fd' % self.pid):
                try:
                    if os.readlink('/proc/%d/fd/%s' % (self.pid, fd)).startswith(directory + '/'):
                        return True
                except OSError:
                    continue
        except OSError:
            return None
        return False

    def names(self, directory: str) -> bool:
        """Whether a word of its command line has that path or one beside or below it, and not only one that begins alike (`/var/lib/etcd-events`)."""
        return any(re.search(re.escape(directory) + r'(?![A-Za-z0-9_@:+,=-])', word) for word in self.words)

    def is_zombie(self) -> bool:
        try:
            with open('/proc/%d/stat' % self.pid, 'rb') as file:
                return file.read(4096).rpartition(b')')[2].split()[0] in (b'Z', b'X')
        except (OSError, IndexError):
            return True


def every() -> 'Iterator[Process]':
    """All processes but this one and its parents' chain."""
    for name in os.listdir('/proc'):
        if name.isdigit() and int(name) != os.getpid():
            try:
                yield Process(int(name))
            except OSError:
                continue  # it ended meanwhile


TOOLS = ('etcdctl', 'etcdutl')


def of(etcd: 'Etcd', others: 'List[Etcd]') -> 'Tuple[List[int], List[int], List[int]]':
    """
    Processes of this etcd, its tools at work, and programs called etcd that belong to no entry.
    `others`: the other entries of host.json, whose processes are theirs.
    """
    mine, tools, foreign = [], [], []
    programs = {os.path.basename(path) for path in (etcd.tools.get('etcd'),) if path} | {'etcd'}
    for process in every():
        if process.name in TOOLS and process.uid == etcd.account.uid:
            # By what it has open too: a name can be put on by any process.
            if process.names(etcd.data_dir) or process.has_open(etcd.data_dir):
                tools.append(process.pid)
            continue
        if etcd.unit in process.cgroups and not process.is_zombie():
            mine.append(process.pid)
            continue
        suspect = process.uid == etcd.account.uid or process.name in programs or process.names(etcd.data_dir)
        if not suspect or (etcd.account.is_root and process.name not in programs and not process.names(etcd.data_dir)):
            continue
        if process.has_open(etcd.data_dir):
            mine.append(process.pid)
        elif process.name in programs and not process.is_zombie():
            if not any(other.unit in process.cgroups or process.has_open(other.data_dir) for other in others):
                foreign.append(process.pid)
    return mine, tools, foreign
