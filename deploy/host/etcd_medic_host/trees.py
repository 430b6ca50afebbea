"""Files and directories, opened component by component without following a link."""
import ctypes
import errno
import os
import stat

from .refused import Refused, failed
from .rights import DIRECTORY

MYPY = False
if MYPY:
    from typing import Any, Dict, Optional, Tuple

    from .users import Account

RENAME_NOREPLACE = 1
DEPTH_MAX = 64
_libc = None


def opened(path: str) -> int:
    """A descriptor of a directory. Raises OSError; a link anywhere in the path is ELOOP or ENOTDIR."""
    if not path.startswith('/') or '\0' in path or any(part in ('.', '..') for part in path.split('/')):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
    fd = os.open('/', DIRECTORY)
    try:
        for part in [part for part in path.split('/') if part]:
            try:
                inner = os.open(part, DIRECTORY, dir_fd=fd)
            except OSError as error:
                raise OSError(error.errno, error.strerror, path)
            os.close(fd)
            fd = inner
        return fd
    except BaseException:
        os.close(fd)
        raise


def split(path: str) -> 'Tuple[str, str]':
    """Directory and name."""
    directory, name = os.path.split(path)
    return directory or '/', name


def entry_at(path: str) -> 'Optional[Dict[str, Any]]':
    """What lies there, the last part of the path never followed; None when nothing does."""
    directory, name = split(path)
    try:
        fd = opened(directory)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise
    try:
        try:
            facts = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        kind = {stat.S_IFDIR: 'directory', stat.S_IFREG: 'file', stat.S_IFLNK: 'link'}.get(stat.S_IFMT(facts.st_mode), 'other')
        entry = {'type': kind, 'uid': facts.st_uid, 'gid': facts.st_gid, 'mode': '%o' % stat.S_IMODE(facts.st_mode),
                 'identity': '%d:%d' % (facts.st_dev, facts.st_ino), 'bytes': facts.st_size if kind == 'file' else 0, 'empty': False}
        if kind == 'directory':
            inner = os.open(name, DIRECTORY, dir_fd=fd)
            try:
                entry['empty'] = not os.listdir(inner)
            finally:
                os.close(inner)
        return entry
    finally:
        os.close(fd)


def size_of(path: str) -> int:
    """Bytes of the files below a directory, as `du` counts them; links are not followed, and no other file system is entered."""
    fd = opened(path)
    try:
        return _size(fd, os.fstat(fd).st_dev, 0)
    finally:
        os.close(fd)


def _size(fd: int, device: int, depth: int) -> int:
    total = os.fstat(fd).st_blocks * 512
    for name in os.listdir(fd):
        try:
            facts = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISDIR(facts.st_mode):
                if facts.st_dev == device and depth < DEPTH_MAX:
                    inner = os.open(name, DIRECTORY, dir_fd=fd)
                    try:
                        total += _size(inner, device, depth + 1)
                    finally:
                        os.close(inner)
            else:
                total += facts.st_blocks * 512
        except FileNotFoundError:
            continue  # etcd removes files while it runs
    return total


def rename(source: str, target: str) -> None:
    """Renames a name of one directory to a name of another, never over anything; both directories reach the disk."""
    one, other = opened(split(source)[0]), opened(split(target)[0])
    try:
        _rename_no_replace(one, split(source)[1], other, split(target)[1], target)
        os.fsync(other)
        os.fsync(one)
    finally:
        os.close(one)
        os.close(other)


def _rename_no_replace(from_fd: int, source: str, to_fd: int, target: str, path: str) -> None:
    global _libc  # noqa: PLW0603 -- loaded once, when it is first needed
    if _libc is None:
        _libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(_libc, 'renameat2'):
        if _libc.renameat2(from_fd, os.fsencode(source), to_fd, os.fsencode(target), RENAME_NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
        if code not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(code, os.strerror(code), path)
    # Neither this C library nor this file system knows it: the name is looked at first. Nobody else acts there, by `owner_of` and the lock.
    try:
        os.stat(target, dir_fd=to_fd, follow_symlinks=False)
    except FileNotFoundError:
        os.rename(source, target, src_dir_fd=from_fd, dst_dir_fd=to_fd)
        return
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), path)


def make_directory(path: str, account: 'Optional[Account]' = None) -> None:
    """An empty one of mode 0700, of that user when this is done as root; it was not there before."""
    directory, name = split(path)
    fd = opened(directory)
    try:
        os.mkdir(name, 0o700, dir_fd=fd)
        inner = os.open(name, DIRECTORY, dir_fd=fd)
        try:
            if account is not None:
                os.fchown(inner, account.uid, account.gid)
            os.fchmod(inner, 0o700)
            os.fsync(inner)
        finally:
            os.close(inner)
        os.fsync(fd)
    finally:
        os.close(fd)


def own_directory(path: str, account: 'Account') -> None:
    """Gives an empty directory to etcd's user with mode 0700."""
    fd = opened(path)
    try:
        if os.listdir(fd):
            raise failed('%s is not empty, so it is not given to anybody else.' % path)
        if os.fstat(fd).st_uid != account.uid or os.fstat(fd).st_gid != account.gid:
            os.fchown(fd, account.uid, account.gid)
        os.fchmod(fd, 0o700)
    finally:
        os.close(fd)


def new_file(path: str, account: 'Optional[Account]' = None) -> int:
    """A descriptor of a new file of mode 0600, of that user when this is done as root; it was not there before, and no link is followed."""
    directory, name = split(path)
    fd = opened(directory)
    try:
        file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=fd)
        if account is not None:
            os.fchown(file, account.uid, account.gid)
        return file
    finally:
        os.close(fd)


def _readable(path: str) -> int:
    directory, name = split(path)
    fd = opened(directory)
    try:
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    finally:
        os.close(fd)


def read_file(path: str, limit: int) -> bytes:
    """The bytes of a regular file, at most `limit`; no link is followed, and a pipe or device is refused without waiting."""
    file = _readable(path)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        data = b''
        while len(data) <= limit:
            more = os.read(file, 65536)
            if not more:
                return data
            data += more
        raise Refused('HOST_OUTPUT_UNKNOWN', '%s is larger than %d bytes.' % (path, limit))
    finally:
        os.close(file)


def read_head(path: str, size: int) -> bytes:
    """The first bytes of a regular file, as `read_file`."""
    file = _readable(path)
    try:
        return os.read(file, size) if stat.S_ISREG(os.fstat(file).st_mode) else b''
    finally:
        os.close(file)


def write_over(path: str, data: bytes) -> None:
    """Replaces a file by a rename: mode and owner stay, and a reader sees the old one or the new one, whole."""
    directory, name = split(path)
    fd = opened(directory)
    try:
        was = os.stat(name, dir_fd=fd, follow_symlinks=False)
        _put(fd, name, data, was)
    finally:
        os.close(fd)


def copy_beside(path: str, copy: str) -> None:
    """`cp -aT` of a file, or of a link, to another name in the same directory; replaces an earlier copy."""
    directory, name = split(path)
    fd = opened(directory)
    try:
        was = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if stat.S_ISLNK(was.st_mode):
            put_link(fd, split(copy)[1], os.readlink(name, dir_fd=fd))
        else:
            _put(fd, split(copy)[1], read_file(path, 1048576), was)
    finally:
        os.close(fd)


def _put(fd: int, name: str, data: bytes, like: os.stat_result) -> None:
    temporary = '.%s.etcd-medic.tmp' % name[-200:]
    _unlink(fd, temporary)
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=fd)
    try:
        while data:
            data = data[os.write(file, data):]
        if os.geteuid() == 0:
            os.fchown(file, like.st_uid, like.st_gid)
        os.fchmod(file, stat.S_IMODE(like.st_mode))
        os.fsync(file)
    finally:
        os.close(file)
    os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
    os.fsync(fd)


def put_link(fd: int, name: str, to: str) -> None:
    """A link in the place of whatever has that name, in one rename."""
    temporary = '.%s.etcd-medic.tmp' % name[-200:]
    _unlink(fd, temporary)
    os.symlink(to, temporary, dir_fd=fd)
    os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
    os.fsync(fd)


def _unlink(fd: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=fd)
    except FileNotFoundError:
        pass


def remove(path: str) -> None:
    """A file, a link, or a directory with what is in it; no link is followed and no other file system entered. Nothing when it is not there."""
    directory, name = split(path)
    fd = opened(directory)
    try:
        _remove(fd, name, os.fstat(fd).st_dev, path, 0)
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove(fd: int, name: str, device: int, path: str, depth: int) -> None:
    try:
        facts = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(facts.st_mode):
        _unlink(fd, name)
        return
    if facts.st_dev != device:
        raise failed('%s is not removed: another file system is mounted in it.' % path)
    if depth > DEPTH_MAX:
        raise failed('%s is not removed: it is deeper than %d directories.' % (path, DEPTH_MAX))
    inner = os.open(name, DIRECTORY, dir_fd=fd)
    try:
        for child in os.listdir(inner):
            _remove(inner, child, device, path, depth + 1)
    finally:
        os.close(inner)
    try:
        os.rmdir(name, dir_fd=fd)
    except FileNotFoundError:
        pass


def put_copy(path: str, copy: str) -> None:
    """Copies a file to a name in another directory; replaces an earlier copy."""
    was = os.stat(path)
    fd = opened(split(copy)[0])
    try:
        _put(fd, split(copy)[1], read_file(path, 1048576), was)
    finally:
        os.close(fd)
