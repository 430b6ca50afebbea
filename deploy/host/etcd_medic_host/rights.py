"""With whose rights something may be done in a directory: told by who can change it and every directory above it."""
import errno
import os
import stat
import struct

MYPY = False
if MYPY:
    from .users import Account

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ACL = 'system.posix_acl_access'
_ACL_USER, _ACL_GROUP = 2, 8
_WRITE = 2


class Unsafe(Exception):
    """Somebody besides root and etcd's user could change what lies there."""


def owner_of(path: str, account: 'Account') -> str:
    """
    Whose rights are needed to act in this directory: 'root' where root alone can change it and every directory above it, 'etcd' where
    etcd's user can too. Raises Unsafe when anybody else can, OSError when it is not there.
    """
    fd = os.open('/', DIRECTORY)
    who, at = 'root', ''
    try:
        for part in [part for part in path.split('/') if part]:
            who = _rights(fd, account, who, at or '/', last=False)
            at += '/' + part
            try:
                inner = os.open(part, DIRECTORY, dir_fd=fd)
            except OSError as error:
                raise OSError(error.errno, error.strerror, at)
            os.close(fd)
            fd = inner
        return _rights(fd, account, who, at or '/', last=True)
    finally:
        os.close(fd)


def _rights(fd: int, account: 'Account', before: str, path: str, last: bool) -> str:
    facts = os.fstat(fd)
    mode = stat.S_IMODE(facts.st_mode)
    if facts.st_uid not in (0, account.uid):
        raise Unsafe('%s belongs to the user with number %d' % (path, facts.st_uid))
    # In a directory with the sticky bit others can add names, but change none of root's or etcd's: enough to pass through, not to work in.
    if mode & 0o002 and (last or not mode & stat.S_ISVTX):
        raise Unsafe('everybody may write in %s' % path)
    if mode & 0o020 and facts.st_gid not in (0, account.gid):
        raise Unsafe('the group with number %d may write in %s' % (facts.st_gid, path))
    if account.is_root:
        return 'root'
    # Without the group's bit, which is the mask of a list, no entry of a list can write.
    listed = bool(mode & 0o020) and _listed(fd, account, path)
    mine = facts.st_uid == account.uid or bool(mode & 0o020 and facts.st_gid in account.gids) or listed
    return 'etcd' if mine or before == 'etcd' else 'root'


def _listed(fd: int, account: 'Account', path: str) -> bool:
    """Whether an access control list (acl(5)) lets etcd's user write. Raises Unsafe when it lets others than root."""
    try:
        whole = os.getxattr(fd, _ACL)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return False
        raise
    found = False
    for kind, permissions, number in struct.iter_unpack('<HHI', whole[4:]):
        if kind not in (_ACL_USER, _ACL_GROUP) or not permissions & _WRITE:
            continue
        mine = number == account.uid if kind == _ACL_USER else number in account.gids
        if not mine and number != 0:
            raise Unsafe('an access control list lets the %s with number %d write in %s' % ('user' if kind == _ACL_USER else 'group', number, path))
        found = found or mine
    return found
