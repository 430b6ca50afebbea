"""Reads unit files and environment files as systemd does, as far as etcd's settings need it (systemd.syntax(7), systemd.exec(5))."""
import re

_WORD = re.compile(r'''(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+''', re.S)
_PIECE = re.compile(r'''"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|\\(.)''', re.S)
_ESCAPED = re.compile(r'\\(.)', re.S)


class Directive:
    def __init__(self, path, section, key, value):
        self.path = path
        self.section = section
        self.key = key
        self.value = value


def directives(files):
    """Those of unit files (path, text), in the order they are read."""
    found = []
    for path, text in files:
        section = ''
        # A comment between lines that are continued does not end them.
        for line in _logical_lines(re.sub(r'(?m)^[ \t]*[#;].*\n', '', text)):
            header = re.match(r'^\[(.+)\]$', line)
            if header:
                section = header.group(1)
                continue
            key, equals, value = line.partition('=')
            if equals and re.match(r'^[A-Za-z][A-Za-z0-9-]*\s*$', key):
                found.append(Directive(path, section, key.strip(), value.strip()))
    return found


def last_of(all_directives, key):
    """The one that counts of a directive that may be given once; None when it is not there."""
    found = [one for one in all_directives if one.section == 'Service' and one.key == key]
    return found[-1] if found else None


def list_of(all_directives, key):
    """The values of a directive that is a list: an empty one forgets those before it."""
    found = []
    for one in all_directives:
        if one.section == 'Service' and one.key == key:
            found = found + [one] if one.value else []
    return found


def assignments(text):
    """`KEY=value` lines of an environment file, in their order; later ones win."""
    found = []
    for line in _logical_lines(text):
        key, equals, value = line.partition('=')
        if equals and re.match(r'^[A-Za-z_][A-Za-z0-9_]*\s*$', key):
            found.append((key.strip(), unquoted(value)))
    return found


def words(text):
    """Splits a command line or an `Environment=` value as systemd does: at blanks outside of quotes."""
    return [_PIECE.sub(_unescape, word) for word in _WORD.findall(text)]


def _unescape(match):
    double, single, escaped = match.groups()
    inner = double if double is not None else single
    return escaped if inner is None else _ESCAPED.sub(r'\1', inner)


def unquoted(value):
    value = value.strip()
    if len(value) >= 2 and value[0] in '"\'' and value[-1] == value[0]:
        return value[1:-1]
    return value


def _logical_lines(text):
    lines = (line.strip() for line in text.replace('\\\n', ' ').split('\n'))
    return [line for line in lines if line and line[0] not in '#;']


class NotUnderstood(Exception):
    """A YAML file that is written in a way this program does not read; a person must change it."""


def yaml_values(text):
    """
    The settings of etcd's `--config-file`: top-level scalars by name, and those of maps as `map.name`. The subset that etcd's own sample file
    is written in, or JSON. Raises NotUnderstood for anything else: half understood is not understood.
    """
    if text.lstrip().startswith('{'):
        import json
        try:
            return dict(_flat(json.loads(text, object_pairs_hook=_unrepeated)))
        except (ValueError, RecursionError) as error:
            raise NotUnderstood(str(error))
    found, within, indent = {}, None, ''
    for number, line in enumerate(re.sub(r'\n\.\.\.\s*$', '\n', text).split('\n'), 1):
        bare = line.rstrip()
        if not bare.strip() or bare.lstrip().startswith('#') or (bare == '---' and not found):
            continue
        match = re.match(r'^( *)([A-Za-z0-9_-]+):(?: +(.*))?$', bare)
        if match is None or (match.group(1) and within is None):
            raise NotUnderstood('line %d is not of the form `name: value`' % number)
        # etcd's file has maps of one level.
        if match.group(1) and indent not in ('', match.group(1)):
            raise NotUnderstood('line %d is indented in another way than those before it' % number)
        indent = match.group(1)
        name = match.group(2) if not match.group(1) else '%s.%s' % (within, match.group(2))
        value = _scalar(match.group(3) or '', number)
        if not match.group(1):
            within = match.group(2) if value == '' else None
        if name in found:
            raise NotUnderstood('%s stands twice' % name)
        found[name] = value
    return found


def _scalar(text, number):
    text = text.strip()
    if text[:1] in ('"', "'"):
        match = re.match(r'''^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:#.*)?$''', text)
        if match is None:
            raise NotUnderstood('the quotes in line %d' % number)
        inner = match.group(1)[1:-1]
        if text[0] == '"' and any(escape not in '"\\/' for escape in _ESCAPED.findall(inner)):
            raise NotUnderstood('the escapes in line %d' % number)
        return inner.replace("''", "'") if text[0] == "'" else _ESCAPED.sub(r'\1', inner)
    text = re.split(r'(?:^|\s)#', text, 1)[0].strip()
    if text[:1] in ('&', '*', '|', '>', '!', '[', '{', '%', '@', '`'):
        raise NotUnderstood('%s in line %d' % (text[:1], number))
    return text


def _unrepeated(pairs):
    if len(dict(pairs)) < len(pairs):
        raise NotUnderstood('a name stands twice')
    return dict(pairs)


def _flat(value, prefix=''):
    if not isinstance(value, dict):
        raise NotUnderstood('it is no map of settings')
    for key, inner in value.items():
        if isinstance(inner, dict):
            for pair in _flat(inner, '%s.' % key):
                yield pair
        else:
            text = str(inner).lower() if isinstance(inner, bool) else str(inner)
            yield prefix + key, text
