"""Where etcd's data lies, what lies beside it by run, and with whose rights it may be moved."""
import os

from . import trees
from .fence import RUN
from .refused import Refused, failed
from .rights import Unsafe, owner_of
from .users import as_user

MYPY = False
if MYPY:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from .description import Etcd

# What lies beside the data under the name of a run, and how its name ends.
KINDS = {'snapshot': 'snapshot', 'restored': 'new', 'aside': 'old', 'undone': 'undone'}
BESIDE_MAX = 256


class Place:
    """
    What is swapped as one: the data-dir by a rename. Where the data-dir is itself a mount point, which cannot be renamed, its `member`;
    and with --wal-dir the directory of the WAL beside it, always first, so that whoever sees the data done knows that the WAL is.
    """

    def __init__(self, etcd: 'Etcd') -> None:
        self.etcd = etcd
        self.account = etcd.account
        self.is_mount = is_mount(etcd.data_dir)
        self.data = etcd.data_dir + '/member' if self.is_mount else etcd.data_dir
        self.targets = ([etcd.wal_dir] if etcd.wal_dir else []) + [self.data]
        self.problem, self.rights = self._rights()

    def _rights(self) -> 'Tuple[Optional[str], Dict[str, str]]':
        """Why nothing can be moved here, or None; and for each directory that names are changed in, whose rights that needs."""
        rights: Dict[str, str] = {}
        wal = self.targets[0]
        if (wal != self.data and (wal + '/').startswith(self.data + '/')) or (wal == self.data and len(self.targets) > 1):
            return '%s lies in %s, and goes wherever that goes' % (wal, self.data), rights
        for path in self.targets:
            directory = os.path.dirname(path)
            try:
                if os.path.realpath(directory) != directory:
                    return '%s leads over a symbolic link' % path, rights
                rights[directory] = owner_of(directory, self.account)
                entry = self.entry(path)
            except Unsafe as error:
                return '%s: nothing is done there in the name of root or of etcd' % error, rights
            except OSError as error:
                return '%s cannot be looked at (%s)' % (error.filename or path, error.strerror), rights
            if entry is not None and entry['type'] != 'directory':
                return '%s is %s and no directory' % (path, 'a symbolic link' if entry['type'] == 'link' else 'a file'), rights
            if path != self.data and is_mount(path):
                return '%s is itself a mount point: make the wal-dir a directory inside of that file system' % path, rights
            if path != self.data and rights[directory] == 'root' and not self.account.is_root:
                # wal.Create: a directory beside it, renamed. Without that a member that is to join would be removed and then never start.
                return 'etcd makes its WAL by a rename in %s and may not write there: chown %s %s' % (directory, self.account.user, directory), rights
            if entry is not None and entry['identity'].split(':')[0] != str(os.stat(directory).st_dev):
                return '%s lies on another file system than %s' % (path, directory), rights
        return None, rights

    def demand(self) -> None:
        """Raises Refused when nothing can be moved here."""
        if self.problem:
            raise failed('The data-dir of %s cannot be moved aside by a rename: %s.' % (self.etcd.name, self.problem))

    def path(self, run: 'Optional[str]', kind: str, target: 'Optional[str]' = None) -> str:
        """One of KINDS of a run; of the data unless another target is named."""
        if run is None:
            raise Refused('HOST_PROTOCOL', 'A plan of what has the name of a run says of which.')
        return '%s.%s.%s' % (target or self.data, run, KINDS[kind])

    def database(self, directory: str) -> str:
        """The database of a data-dir, or of its `member`."""
        return directory + ('/snap/db' if self.is_mount else '/member/snap/db')

    def acts_as(self, path: str) -> str:
        """'root' or 'etcd': with whose rights a name beside the data is changed."""
        self.demand()
        return self.rights[os.path.dirname(path)]

    def perform(self, path: str, work: 'Callable[[], Any]') -> 'Any':
        """`work()` with the rights that fit the directory of `path`. Raises Refused where nothing may be done at all."""
        if self.acts_as(path) == 'etcd':
            return as_user(self.account, work)
        return work()

    def entry(self, path: str) -> 'Optional[Dict[str, Any]]':
        """What lies at a path, with names of its owner."""
        found = trees.entry_at(path)
        if found is not None:
            found = dict(found, user=_user(found.pop('uid')), group=_group(found.pop('gid')))
        return found

    def beside(self) -> 'List[str]':
        """Paths beside the data that begin with its name and a dot."""
        directory, name = trees.split(self.data)
        try:
            fd = trees.opened(directory)
        except OSError:
            return []
        try:
            names = sorted(one for one in os.listdir(fd) if one.startswith(name + '.'))
        finally:
            os.close(fd)
        # Whoever owns the directory can make any number of them, and an answer is one line of bounded length.
        return ['%s/%s' % (directory, one) for one in names[:BESIDE_MAX]]

    def runs(self) -> 'List[str]':
        """The runs that have left anything here."""
        found = set()
        for path in self.beside():
            parts = path[len(self.data) + 1:].split('.')
            if RUN.match(parts[0]) and len(parts) > 1 and parts[1] in KINDS.values():
                found.add(parts[0])
        return sorted(found)


def is_mount(path: str) -> bool:
    """As the kernel's own list of mounts says: a bind mount of the same file system is one too."""
    # As bytes: the name of a mount point need be no text.
    with open('/proc/self/mountinfo', 'rb') as file:
        for line in file:
            fields = line.split(b' ')
            if len(fields) > 4 and fields[4].replace(b'\\040', b' ').replace(b'\\134', b'\\') == os.fsencode(path):
                return True
    return False


def _user(number: int) -> str:
    import pwd
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    import grp
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
