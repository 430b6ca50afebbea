"""All facts of one etcd of this host at one moment."""
import os
import time

from . import certificates, edits, processes, trees, versions, wal
from .place import KINDS
from .refused import Refused
from .users import as_user

MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional, Tuple

    from .description import Etcd
    from .place import Place
    from .settings import Settings
    from .state import State
    from .units import Unit


def look(etcd: 'Etcd', others: 'List[Etcd]', state: 'State', arguments: 'Dict[str, Any]') -> 'Dict[str, Any]':
    """The look of docs/host-protocol.md."""
    unit, settings, place = state.unit, state.settings, state.place
    mine, tools, foreign = processes.of(etcd, others)
    found = {
        'time': time.time(), 'etcd': etcd.name, 'runtime': etcd.runtime, 'unit': etcd.unit, 'allow': list(etcd.allow),
        'user': etcd.account.user, 'group': etcd.account.group,
        'data_dir': etcd.data_dir, 'wal_dir': etcd.wal_dir, 'others': sorted(other.name for other in others),
        'state': unit.facts(), 'processes': mine, 'other_processes': foreign, 'tools_running': tools,
        'settings': _settings(etcd, unit, settings), 'place': _place(state, arguments), 'data_ids': _ids(etcd, place),
        'force': {'in_unit': unit.forced or state.force_set, 'in_settings': settings.is_on('force-new-cluster'), 'in_process': runs_with_force(unit.main_pid)},
        'zstd': any(os.access(directory + '/zstd', os.X_OK) for directory in ('/usr/bin', '/usr/local/bin', '/bin')),
    }
    found.update(_room(place))
    if arguments.get('tools'):
        found['server_version'] = versions.server_version(etcd, settings.program)
        found['tools'] = versions.tools(etcd)
    if arguments.get('certificates'):
        found['certificates'] = certificates.look(etcd, settings)
    return found


def unchangeable(etcd: 'Etcd', unit: 'Unit', settings: 'Settings') -> 'Optional[str]':
    """Why the settings of the cluster cannot be changed, or None: tried with values of the form that a run would put there."""
    trial = [('initial-cluster-state', 'existing'), ('initial-cluster-token', 'etcd-medic-trial'), ('initial-cluster', 'a=https://192.0.2.1:2380')]
    try:
        edits.edit_of(settings, etcd, unit, trial)
    except Refused as error:
        return error.message
    return None


def _settings(etcd: 'Etcd', unit: 'Unit', settings: 'Settings') -> 'Dict[str, Any]':
    because = unchangeable(etcd, unit, settings)
    data = settings.value('data-dir')
    problem = settings.problem
    if problem is None and not unit.directives:
        problem = 'there is no unit %s' % unit.name
    if problem is None and etcd.data_dir not in _real(data or '/%s.etcd' % (settings.value('name') or 'default')):
        problem = 'etcd keeps its data in %s, and host.json says %s' % (data or 'a directory that its settings do not name', etcd.data_dir)
    apart = settings.value('wal-dir') or None
    if problem is None and settings.path('wal-dir') != etcd.wal_dir:
        problem = 'etcd keeps its WAL in %s, and host.json says %s' % (apart or 'the data-dir', etcd.wal_dir or 'in the data-dir')
    return {'style': settings.style, 'file': settings.file(), 'changeable': because is None, 'because': because, 'problem': problem,
            'program': settings.program, 'values': settings.shown(), 'enable_v2': settings.is_on('enable-v2')}


def _real(path: str) -> 'Tuple[str, ...]':
    """Where a path leads, with its last part followed and without: that a data-dir became a link is the place's to say. Empty for what no file can have."""
    try:
        return os.path.realpath(path), os.path.join(os.path.realpath(os.path.dirname(path.rstrip('/'))), os.path.basename(path.rstrip('/')))
    except ValueError:
        return ()


def _place(state: 'State', arguments: 'Dict[str, Any]') -> 'Dict[str, Any]':
    place = state.place
    found = {'target': place.data, 'is_mount': place.is_mount, 'problem': place.problem, 'data': None, 'runs': {}, 'beside': []}
    try:
        found['data'] = _sized(place, place.data, arguments)
        found['beside'] = place.beside()
        for run in list(arguments.get('runs') or [])[:8]:
            paths = {kind: place.path(run, kind) for kind in KINDS}
            found['runs'][run] = dict({kind: _sized(place, path, arguments) for kind, path in paths.items()}, paths=paths,
                                      wal_aside=_wal(place, run, 'aside'), wal_undone=_wal(place, run, 'undone'))
    except OSError as error:
        found['problem'] = found['problem'] or '%s cannot be looked at (%s)' % (error.filename or place.data, error.strerror)
    return found


def _wal(place: 'Place', run: str, kind: str) -> 'Optional[str]':
    """Where the WAL of the run's data lies when it is apart: whoever is told of the one must be told of the other."""
    path = place.path(run, kind, place.etcd.wal_dir) if place.etcd.wal_dir else None
    return path if path and place.entry(path) else None


def _sized(place: 'Place', path: str, arguments: 'Dict[str, Any]') -> 'Optional[Dict[str, Any]]':
    entry = place.entry(path)
    if entry is not None and entry['type'] == 'directory' and arguments.get('sizes'):
        try:
            entry['bytes'] = trees.size_of(path)
        except OSError:
            pass  # it went away meanwhile; what is there is said all the same
    return entry


def _ids(etcd: 'Etcd', place: 'Place') -> 'Optional[Dict[str, str]]':
    directory = etcd.wal_dir or (place.data + '/wal' if place.is_mount else place.data + '/member/wal')
    try:
        return as_user(etcd.account, lambda: wal.ids(directory))
    except (OSError, Refused):
        return None


def _room(place: 'Place') -> 'Dict[str, Optional[int]]':
    path = place.etcd.data_dir if os.path.isdir(place.etcd.data_dir) else os.path.dirname(place.etcd.data_dir)
    try:
        facts = os.statvfs(path)
        beside = os.statvfs(os.path.dirname(place.data))
        return {'free_bytes': beside.f_bavail * beside.f_frsize, 'data_free_bytes': facts.f_bavail * facts.f_frsize,
                'disk_bytes': facts.f_blocks * facts.f_frsize}
    except OSError:
        return {'free_bytes': None, 'data_free_bytes': None, 'disk_bytes': None}


def runs_with_force(pid: 'Optional[int]') -> 'Optional[bool]':
    """Whether the etcd that runs was told to; None when none runs, or it ended while it was looked at."""
    if not pid:
        return None
    try:
        with open('/proc/%d/environ' % pid, 'rb') as file:
            if any(word.startswith(b'ETCD_FORCE_NEW_CLUSTER=') for word in file.read(1048576).split(b'\0')):
                return True
        with open('/proc/%d/cmdline' % pid, 'rb') as file:
            words = file.read(1048576).split(b'\0')
        return any(word.lstrip(b'-').split(b'=')[0] == b'force-new-cluster' for word in words if word.startswith(b'-'))
    except OSError:
        return None
