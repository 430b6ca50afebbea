"""etcd's programs on this host: versions, what its tools can do, and what they say of a database."""
import json
import os
import re

from . import programs, trees
from .refused import Refused, failed, unknown
from .users import as_user

MYPY = False
if MYPY:
    from typing import Any, Dict, List, Optional

    from .description import Etcd

PROGRAMS = ('etcdutl', 'etcdctl')
_known: 'Dict[Any, str]' = {}


def server_version(etcd: 'Etcd', program: str) -> 'Optional[str]':
    """Of the very program that the unit starts."""
    path = program if program.startswith('/') else etcd.tools['etcd'] or program or 'etcd'
    text = _once([path, '--version'], etcd)
    found = re.search(r'(?m)^etcd Version:\s*([0-9]+\.[0-9]+\.[0-9]+\S*)', text)
    return found.group(1)[:40] if found else None


def tools(etcd: 'Etcd') -> 'List[Dict[str, Any]]':
    """Each of etcd's tools that is there: program, path, version, whether it restores and whether it raises revisions."""
    found = []
    for program in PROGRAMS:
        path = etcd.tools[program]
        if path is None or not os.path.exists(path):
            continue
        version = re.search(r'(?m)^%s version:\s*([0-9]+\.[0-9]+\.[0-9]+\S*)' % program, _once([path, 'version'], etcd))
        if version is None:
            continue
        text = _once([path, 'snapshot', 'restore', '--help'], etcd)
        found.append({'program': program, 'path': path, 'version': version.group(1)[:40], 'restores': '--data-dir' in text,
                      'bumps': '--bump-revision' in text and '--mark-compacted' in text})
    return found


def _once(argv: 'List[str]', etcd: 'Etcd') -> str:
    """What a program says of itself, as etcd's user; asked again only when the file has changed."""
    try:
        facts = os.stat(argv[0])
        key = (tuple(argv), facts.st_dev, facts.st_ino, facts.st_mtime, facts.st_size)
    except OSError:
        key = None
    if key is None or key not in _known:
        try:
            text = programs.run(argv, account=etcd.account).text
        except Refused:
            text = ''
        if key is None:
            return text
        _known[key] = text
    return _known[key]


def minor(version: str) -> str:
    return '.'.join(version.split('.')[:2])


def fitting(etcd: 'Etcd', server: 'Optional[str]') -> 'Dict[str, Any]':
    """The tool that restores here: etcdutl wherever it is, of the server's own minor; else etcdctl of that minor."""
    for tool in tools(etcd):
        if tool['restores'] and server is not None and minor(tool['version']) == minor(server):
            return tool
    raise Refused('HOST_TOOL_MISSING', 'etcd %s is here without an etcdutl or etcdctl of its own minor version.' % (server or 'of unknown version'),
                  'Install etcdutl or etcdctl %s on the host, then run the kit again.' % minor(server or 'of that version'))


def database(etcd: 'Etcd', tool: 'Dict[str, Any]', path: str) -> 'Dict[str, Any]':
    """What etcd's tool says of a database file: revision, keys, size and hash."""
    # The tool itself would follow a link, and wait at a pipe.
    if not as_user(etcd.account, lambda: len(trees.read_head(path, 1))):
        raise failed('%s is no file with anything in it.' % path)
    answer = programs.run([tool['path'], 'snapshot', 'status', path, '-w', 'json'], account=etcd.account, seconds=600, apart=True)
    try:
        facts = json.loads(answer.text)
        return {'revision': str(int(facts['revision'])), 'totalKeys': int(facts['totalKey']), 'totalSize': int(facts['totalSize']),
                'hash': '%x' % int(facts['hash'])}
    except (ValueError, KeyError, TypeError):
        raise unknown('`%s snapshot status %s` ended with %d and said: %s' % (tool['program'], path, answer.exit, answer.said[:400].strip()))
