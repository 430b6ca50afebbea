"""For `kit`, by root's own hand: finds out what an etcd of this host is, and writes the entry of host.json for it as a line of JSON."""
import json
import os
import pwd
import re
import sys

from . import description, texts, units
from .look import unchangeable
from .refused import Refused
from .settings import Settings
from .state import State
from .users import Account

MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional


def describe(words: 'List[str]') -> int:
    """`describe [UNIT]`: 0 with a line {name, entry, remarks}, or 1 with a sentence on stderr."""
    if words[0] != 'describe' or len(words) > 2 or os.geteuid() != 0 or 'SUDO_USER' in os.environ:
        sys.stderr.write('etcd-medic-host: takes no arguments\n')
        return 64
    try:
        unit = _service(words[1]) if len(words) == 2 and words[1] else _only(candidates())
        found = entry_of(unit)
    except Refused as error:
        sys.stderr.write('etcd-medic-host: %s\n' % error.message)
        return 1
    sys.stdout.write(json.dumps(found) + '\n')
    return 0


def _service(name: str) -> str:
    return name if name.endswith('.service') else name + '.service'


def _only(found: 'List[str]') -> str:
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused('HOST_DESCRIPTION_INVALID', 'no unit was found that starts etcd; name it')
    raise Refused('HOST_DESCRIPTION_INVALID', 'several units start etcd: %s; name one' % ', '.join(found))


def candidates() -> 'List[str]':
    """Units whose ExecStart runs a program called etcd."""
    found = set()
    for place in units.LOAD_PATH:
        try:
            names = [name for name in os.listdir(place) if name.endswith('.service') and '@.' not in name]
        except OSError:
            continue
        for name in names:
            if name not in found and not os.path.islink(os.path.join(place, name)):
                start = texts.last_of(texts.directives(units.unit_files(name)), 'ExecStart')
                if start and re.search(r'(^|[\s/"])etcd(["\s]|$)', start.value):
                    found.add(name)
    return sorted(found)


def entry_of(unit: str) -> 'Dict[str, Any]':
    if not units.unit_files(unit):
        raise Refused('HOST_DESCRIPTION_INVALID', 'there is no unit %s' % unit)
    directives = texts.directives(units.unit_files(unit))
    named, group = texts.last_of(directives, 'User'), texts.last_of(directives, 'Group')
    user = named.value if named and named.value else 'root'
    account = Account(user, group.value if group and group.value else '')
    settings = Settings(units.Unit(unit), account)
    if settings.problem:
        raise Refused('HOST_DESCRIPTION_INVALID', settings.problem)
    data = settings.value('data-dir')
    remarks = []
    if not data:
        working = texts.last_of(directives, 'WorkingDirectory')
        data = '%s/%s.etcd' % ((working.value.lstrip('-~') if working else '').rstrip('/'), settings.value('name') or 'default')
        remarks.append('etcd is given no data-dir: it uses %s' % data)
    if not os.path.isabs(data):
        working = texts.last_of(directives, 'WorkingDirectory')
        data = os.path.join(working.value.lstrip('-').replace('~', pwd.getpwnam(user).pw_dir, 1) if working else '/', data)
    real = os.path.realpath(data)
    if real != os.path.normpath(data):
        remarks.append('%s is a link to %s' % (data, real))
    wal = settings.value('wal-dir')
    file = settings.file()
    if file is None:
        raise Refused('HOST_DESCRIPTION_INVALID', '%s starts no program' % unit)
    tools = _tools(settings.program)
    entry = {
        'runtime': 'systemd', 'unit': unit, 'user': account.user, 'group': account.group, 'data_dir': real,
        'wal_dir': os.path.realpath(wal) if wal else None,
        'settings': {'style': settings.style, 'file': file.replace('.masked-by-etcd-medic', '')},
        'tools': tools, 'allow': list(description.GROUPS),
    }
    remarks += ['there is no %s on this host' % name for name in ('etcdctl', 'etcdutl') if tools[name] is None]
    name = unit[:-len('.service')]
    description.check(name, entry)
    remarks += _hindrances(description.Etcd(name, entry))
    return {'name': name, 'entry': entry, 'remarks': remarks}


def _hindrances(etcd: 'description.Etcd') -> 'List[str]':
    """What every restore and replacement will be refused for, said while there is time to change it."""
    state = State(etcd, None)
    reasons = [state.place.problem, unchangeable(etcd, state.unit, state.settings)]
    return ['no restore and no replacement here as it is: %s' % reason.rstrip('.') for reason in reasons if reason]


def _tools(program: str) -> 'Dict[str, Optional[str]]':
    """Beside the program of the unit first: there are the tools of its own version."""
    places = [os.path.dirname(program)] if program.startswith('/') else []
    places += ['/usr/local/bin', '/usr/bin', '/usr/local/sbin', '/usr/sbin', '/opt/etcd', '/opt/bin']
    found = {}  # type: Dict[str, Optional[str]]
    for name in ('etcd', 'etcdctl', 'etcdutl'):
        found[name] = next(('%s/%s' % (place, name) for place in places if os.access('%s/%s' % (place, name), os.X_OK)), None)
    if program.startswith('/'):
        found['etcd'] = program
    return found
