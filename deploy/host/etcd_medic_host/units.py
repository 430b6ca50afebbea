"""etcd's unit: what systemd says of it, and its files, also while it is masked and systemd itself forgets them."""
import os
import re

from . import programs, texts, trees
from .refused import unknown

MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional, Tuple

SYSTEMCTL = 'systemctl'
OWN_DIRECTORY = '/etc/systemd/system'
# First found wins (systemd.unit(5), UNIT FILE LOAD PATH).
LOAD_PATH = (OWN_DIRECTORY, '/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system')
FILE_MAX_BYTES = 1048576
_PROPERTIES = ('LoadState', 'ActiveState', 'SubState', 'MainPID', 'UnitFileState', 'NeedDaemonReload', 'NRestarts', 'Environment', 'DropInPaths')


def own_file(unit: str) -> str:
    """Where an administrator's own unit file lies, and where a mask would."""
    return '%s/%s' % (OWN_DIRECTORY, unit)


def set_aside_file(unit: str) -> str:
    """Where that file waits while the unit is masked: `systemctl mask` refuses when there is a file in its place."""
    return own_file(unit) + '.masked-by-etcd-medic'


def force_drop_in(unit: str) -> 'Tuple[str, str]':
    """In /run: a reboot forgets it, so that a host that comes back after a crash in between does not begin a new cluster once more."""
    directory = '/run/systemd/system/%s.d' % unit
    return directory, directory + '/etcd-medic-force-new-cluster.conf'


class Unit:
    """As it stands on disk and in systemd at one moment."""

    def __init__(self, name: str) -> None:
        self.name = name
        answer = programs.run([SYSTEMCTL, 'show', '--property=' + ','.join(_PROPERTIES), name])
        values = dict(line.partition('=')[::2] for line in answer.text.split('\n'))
        if 'ActiveState' not in values or not values.get('MainPID', '').isdigit():
            raise unknown('`systemctl show %s` answered in a form that is not known: %s' % (name, answer.said[:200]))
        self.active = values['ActiveState']
        self.sub = values.get('SubState', '')
        self.main_pid = int(values['MainPID'])
        self.restarts = int(values['NRestarts']) if values.get('NRestarts', '').isdigit() else 0
        self.enabled = values.get('UnitFileState', '')
        self.needs_reload = values.get('NeedDaemonReload') == 'yes'
        # systemd's own word on the file is as old as its last reload.
        self.masked_on_disk = _is_mask(own_file(name))
        # On disk for good and known to systemd: a mask of one of the two kinds alone can be undone by a reload or a reboot.
        self.known_as_masked = values.get('LoadState') == 'masked'
        self.masked = self.known_as_masked and self.masked_on_disk
        shown = values.get('Environment', '') + ' ' + values.get('DropInPaths', '')
        self.forced = 'ETCD_FORCE_NEW_CLUSTER=' in shown or force_drop_in(name)[1] in shown
        self.has_own_file = _is_real(own_file(name))
        self.is_set_aside = os.path.lexists(set_aside_file(name))
        self.files = unit_files(name)
        self.directives = texts.directives(self.files)

    @property
    def is_down(self) -> bool:
        """`failed` is down too."""
        return self.active in ('inactive', 'failed') and self.main_pid == 0

    def facts(self) -> 'Dict[str, Any]':
        return {'active': self.active, 'sub': self.sub, 'masked': self.masked, 'masked_on_disk': self.masked_on_disk,
                'needs_reload': self.needs_reload, 'main_pid': self.main_pid, 'restarts': self.restarts, 'enabled': self.enabled,
                'own_unit_file': self.has_own_file, 'set_aside': self.is_set_aside}


def _is_real(path: str) -> bool:
    """A file or a link of somebody's own, but not the link that a mask is."""
    if not os.path.lexists(path):
        return False
    return not _is_mask(path)


def _is_mask(path: str) -> bool:
    return os.path.islink(path) and os.path.realpath(path) == '/dev/null'


def names_of(unit: str) -> 'Tuple[str, ...]':
    """`etcd@main.service` is made from `etcd@.service`."""
    template = re.sub(r'@[^.]+\.', '@.', unit)
    return (unit,) if template == unit else (unit, template)


def unit_files(unit: str) -> 'List[Tuple[str, str]]':
    """The unit file that counts and its drop-ins (path, text), in the order systemd reads them; a mask is looked behind."""
    found = []
    places = [own_file(unit), set_aside_file(unit)] + ['%s/%s' % (place, name) for name in names_of(unit) for place in LOAD_PATH]
    for path in places:
        text = _read(path)
        if text is not None:
            found.append((path, text))
            break
    drop_ins = {}
    for name in reversed(names_of(unit)):
        for place in reversed(LOAD_PATH):
            directory = '%s/%s.d' % (place, name)
            try:
                inside = sorted(os.listdir(directory))
            except OSError:
                continue
            for file in inside:
                # A drop-in of the same name in a directory that counts more replaces the other.
                if file.endswith('.conf'):
                    drop_ins[file] = '%s/%s' % (directory, file)
    for file in sorted(drop_ins):
        text = _read(drop_ins[file])
        if text is not None:
            found.append((drop_ins[file], text))
    return found


def _read(path: str) -> 'Optional[str]':
    """Unit files are root's, and a link among them is root's word; a mask (/dev/null) and a directory are none."""
    try:
        real = os.path.realpath(path)
        return trees.read_file(real, FILE_MAX_BYTES).decode('utf-8', 'replace')
    except OSError:
        return None
