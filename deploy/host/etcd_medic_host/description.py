"""host.json: what this host is and what its owner allows. Root's, and refused when anybody else could have written it."""
import json
import os
import re
import stat

from . import trees
from .refused import Refused
from .users import Account

PATH = '/etc/etcd-medic/host.json'
GROUPS = ('look', 'stop-and-start', 'restore', 'replace', 'fetch-database', 'v2')
STYLES = ('environment-file', 'flags', 'config-file')
_ENTRY = {'runtime', 'unit', 'user', 'group', 'data_dir', 'wal_dir', 'settings', 'tools', 'allow'}
# What may stand in a path that is shown in commands and handed to etcd's tools.
_PATH = re.compile(r'(/[A-Za-z0-9_.@:+=,-]+)+')


def invalid(message):
    return Refused('HOST_DESCRIPTION_INVALID', message, 'Run the kit on the host again.')


class Etcd:
    """One etcd of this host. All paths are free of links and of `..`."""

    def __init__(self, name, fields):
        self.name = name
        self.runtime = fields['runtime']
        self.unit = fields['unit']
        self.data_dir = fields['data_dir']
        self.wal_dir = fields['wal_dir']
        self.settings_style = fields['settings']['style']
        self.settings_file = fields['settings']['file']
        self.tools = fields['tools']
        self.allow = tuple(fields['allow'])
        self.account = Account(fields['user'], fields['group'])

    def demand(self, *groups):
        """Raises Refused HOST_NOT_ALLOWED unless one of the groups is allowed."""
        if any(group in self.allow for group in groups):
            return
        raise Refused('HOST_NOT_ALLOWED', 'The owner of this host does not allow %s for %s: %s has no %s in `allow`.'
                      % (' or '.join(groups), self.name, PATH, ' or '.join(groups)), 'Whoever may decide it runs the kit with --allow.')


def read(path=PATH):
    """All entries by name, and whether the bot comes by sudo."""
    _trusted(path)
    try:
        whole = json.loads(trees.read_file(path, 262144).decode('utf-8'))
    except (OSError, ValueError, RecursionError, Refused) as error:
        raise invalid('%s cannot be read: %s.' % (path, error))
    if not isinstance(whole, dict) or set(whole) != {'version', 'sudo', 'etcds'} or whole['version'] != 1 or isinstance(whole['version'], bool) or not isinstance(whole['etcds'], dict):
        raise invalid('%s is not of version 1.' % path)
    for name, fields in whole['etcds'].items():
        check(name, fields)
    return {name: Etcd(name, fields) for name, fields in whole['etcds'].items()}


def _trusted(path):
    """Root's alone, and every directory above it."""
    at = path
    while True:
        try:
            facts = os.lstat(at)
        except OSError as error:
            raise invalid('%s cannot be read: %s.' % (path, error.strerror))
        kind = stat.S_ISREG if at == path else stat.S_ISDIR
        if facts.st_uid != 0 or facts.st_mode & 0o022 or not kind(facts.st_mode):
            raise invalid('%s is not used: others than root could have written %s.' % (path, at))
        if at == '/':
            return
        at = os.path.dirname(at)


def check(name, fields):
    """Raises Refused HOST_DESCRIPTION_INVALID for an entry that is not to the letter."""
    def must(holds, what):
        if not holds:
            raise invalid('The entry %s of %s: %s.' % (json.dumps(name), PATH, what))

    must(re.fullmatch(r'[A-Za-z0-9][A-Za-z0-9:_.@-]{0,60}', name), 'a name is letters, digits and :_.@-')
    must(isinstance(fields, dict) and set(fields) == _ENTRY, 'its keys must be %s' % ', '.join(sorted(_ENTRY)))
    must(fields['runtime'] == 'systemd', 'the runtime must be systemd')
    must(isinstance(fields['unit'], str) and re.fullmatch(r'[A-Za-z0-9][A-Za-z0-9:_.@-]{0,70}\.service', fields['unit']), 'unit is no name of a service')
    for key in ('user', 'group'):
        must(isinstance(fields[key], str) and re.fullmatch(r'[a-z_][a-z0-9_-]{0,31}', fields[key]), '%s is no name' % key)
    must(_is_path(fields['data_dir'], 2), 'data_dir is not an absolute path, two levels deep at least, of plain characters')
    must(fields['wal_dir'] is None or _is_path(fields['wal_dir'], 1), 'wal_dir is not an absolute path of plain characters')
    settings = fields['settings']
    must(isinstance(settings, dict) and set(settings) == {'style', 'file'} and settings['style'] in STYLES and _is_path(settings['file'], 2),
         'settings must have a style (%s) and a file' % ', '.join(STYLES))
    tools = fields['tools']
    must(isinstance(tools, dict) and set(tools) == {'etcd', 'etcdctl', 'etcdutl'}
         and all(path is None or _is_path(path, 2) for path in tools.values()), 'tools must name etcd, etcdctl and etcdutl, by path or null')
    must(isinstance(fields['allow'], list) and all(group in GROUPS for group in fields['allow']), 'allow may hold %s' % ', '.join(GROUPS))


def _is_path(path, depth):
    return (isinstance(path, str) and len(path) <= 1024 and _PATH.fullmatch(path) is not None and path.count('/') >= depth
            and not any(part in ('.', '..') for part in path.split('/')))
