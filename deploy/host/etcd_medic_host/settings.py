"""Which settings etcd gets when its unit starts, and where each one stands: environment, flags, or a YAML file."""
import os
import re

from . import texts, trees
from .refused import Refused
from .users import as_user

FILE_MAX_BYTES = 1048576
SHELLS = ('sh', 'bash', 'dash')
# What may leave the host: how a member is laid out, and no password or token of anything else.
SHOWN = re.compile(r'^(name|data-dir|wal-dir|listen-.*|advertise-.*|initial-.*|discovery.*|.*cert-file|.*key-file|.*trusted-ca-file|.*client-cert-auth|.*auto-tls'
                   r'|quota-backend-bytes|enable-v2|force-new-cluster|auto-compaction-.*|snapshot-count|heartbeat-interval|election-timeout|config-file|strict-reconfig-check'
                   r'|(client|peer)-transport-security\..*)$')


class Setting:
    def __init__(self, value, file):
        self.value = value
        self.file = file


class Settings:
    """All that are given, by etcd's flag names, with the file each stands in."""

    def __init__(self, unit, account, changed=None):
        self._unit = unit
        self._account = account
        self._changed = changed or {}
        self.problem = None
        self.environment_files = self._read_all(_environment_paths(unit))
        self._line()
        given = self.flags.get('config-file') or self.environment.get('ETCD_CONFIG_FILE')
        self.config_file = None
        if given is not None and given.value:
            self._from_yaml(given.value)
        else:
            self._from_line()

    def with_text(self, path, text):
        """As they would be with another text of one file."""
        return Settings(self._unit, self._account, dict(self._changed, **{path: text}))

    def text_of(self, path):
        """The text of one of the files that settings come from; None when it is none of them."""
        for at, text in self.environment_files + self._unit_files() + ([self.config_file] if self.config_file else []):
            if at == path:
                return text
        return None

    def value(self, name):
        found = self.values.get(name)
        return None if found is None else found.value

    def _unit_files(self):
        return [(path, self._changed.get(path, text)) for path, text in self._unit.files]

    def _read_all(self, paths):
        found = []
        for path, optional in paths:
            text = self._changed.get(path)
            if text is None:
                try:
                    text = read_text(path, self._account)
                except (OSError, trees.Unsafe, Refused) as error:
                    if not (optional and isinstance(error, FileNotFoundError)):
                        self.problem = '%s cannot be read (%s)' % (path, getattr(error, 'strerror', None) or error)
                    continue
            found.append((path, text))
        return found

    def _line(self):
        directives = texts.directives(self._unit_files())
        environment = {}
        for one in texts.list_of(directives, 'Environment'):
            for word in texts.words(one.value):
                key, equals, value = word.partition('=')
                if equals:
                    environment[key] = Setting(value, one.path)
        # An EnvironmentFile goes before Environment= (systemd.exec(5)).
        for path, text in self.environment_files:
            for key, value in texts.assignments(text):
                environment[key] = Setting(value, path)
        self.environment = environment
        start = texts.last_of(directives, 'ExecStart')
        self.unit_file = start.path if start else None
        line = []
        for word in texts.words(start.value if start else ''):
            line.extend(_expanded(Setting(word, self.unit_file), environment))
        line = self._without_shell(line, environment)
        # Characters before the path change how systemd runs it, not what (systemd.service(5), "Special executable prefixes").
        self.program = line[0].value.lstrip('-@:+!|') if line else ''
        self.flags, self.strays = _flags_of(line[1:])

    def _without_shell(self, line, environment):
        """`/bin/bash -c "GOMAXPROCS=$(nproc) /usr/bin/etcd …"`, as the unit of RHEL's package has it."""
        if len(line) < 3 or os.path.basename(line[0].value.lstrip('-@:+!|')) not in SHELLS or line[1].value != '-c':
            return line
        inner = texts.words(line[2].value)
        while inner and (re.match(r'^[A-Za-z_][A-Za-z0-9_]*=', inner[0]) or inner[0] == 'exec'):
            inner = inner[1:]
        if any(re.search(r'[;&|<>`]|\$\(', word) for word in inner):
            self.problem = 'ExecStart in %s runs a shell with more than one command' % self.unit_file
        return [each for word in inner for each in _expanded(Setting(word, line[2].file), environment)]

    def _from_yaml(self, path):
        """With a YAML file etcd ignores flags and environment (https://etcd.io/docs/v3.5/op-guide/configuration/#configuration-file)."""
        self.style = 'config-file'
        self.values = {}
        for file, text in self._read_all([(path, False)]):
            self.config_file = (file, text)
            try:
                self.values = {name: Setting(value, file) for name, value in texts.yaml_values(text).items()}
            except texts.NotUnderstood as error:
                self.problem = '%s is not written in a way that is known: %s' % (file, error)

    def _from_line(self):
        """Flags go before the environment (https://etcd.io/docs/v3.5/op-guide/configuration/)."""
        self.values = {key[5:].lower().replace('_', '-'): one for key, one in self.environment.items() if key.startswith('ETCD_')}
        self.values.update(self.flags)
        place = self.place()
        files = [path for path, _ in self.environment_files]
        self.style = 'environment-file' if place in files or (place is None and files) else 'flags'

    def place(self):
        """Where how a member finds its cluster stands; None when it stands nowhere."""
        for name in ('initial-cluster-state', 'initial-cluster-token', 'initial-cluster'):
            if name in self.values:
                return self.values[name].file
        return None

    def file(self):
        """The file that holds them, or would."""
        place = self.place()
        if place is not None:
            return place
        if self.config_file is not None:
            return self.config_file[0]
        if self.style == 'environment-file' and self.environment_files:
            return self.environment_files[-1][0]
        return self.unit_file

    def shown(self):
        return {name: one.value[:4096] for name, one in self.values.items() if SHOWN.match(name)}

    def is_on(self, name):
        value = self.value(name)
        return value is not None and value not in ('', 'false', '0', 'f', 'F', 'FALSE', 'False')


def read_text(path, account):
    """A settings file, with the rights that fit the directory it lies in: a link that etcd's user made leads nowhere that etcd could not read."""
    real = path
    for _ in range(8):
        if trees.owner_of(os.path.dirname(real), account) == 'root' and os.path.islink(real):
            real = os.path.normpath(os.path.join(os.path.dirname(real), os.readlink(real)))
        else:
            break
    if trees.owner_of(os.path.dirname(real), account) == 'root':
        return trees.read_file(real, FILE_MAX_BYTES).decode('utf-8', 'surrogateescape')
    return as_user(account, lambda: trees.read_file(real, FILE_MAX_BYTES).decode('utf-8', 'surrogateescape'))


def _environment_paths(unit):
    """The environment files that the unit names, in order; `-` before a path means that it may be missing."""
    prefix = unit.name.rsplit('.', 1)[0]
    specifiers = {'%p': prefix.split('@')[0], '%N': prefix, '%n': unit.name, '%%': '%', '%i': prefix.partition('@')[2]}
    found = []
    for one in texts.list_of(unit.directives, 'EnvironmentFile'):
        path = re.sub('%.', lambda match: specifiers.get(match.group(0), match.group(0)), one.value.lstrip('-'))
        if '*' in path or '?' in path or '[' in path:
            import glob
            found.extend((each, True) for each in sorted(glob.glob(path)))
        else:
            found.append((path, one.value.startswith('-')))
    return found


def _expanded(word, environment):
    """`$NAME` alone becomes its words, `${NAME}` its text (systemd.service(5), COMMAND LINES). A value belongs to the file it comes from."""
    alone = re.match(r'^\$([A-Za-z_][A-Za-z0-9_]*)$', word.value)
    if alone:
        found = environment.get(alone.group(1))
        return [] if found is None else [Setting(value, found.file) for value in texts.words(found.value)]
    file = [word.file]

    def put(match):
        found = environment.get(match.group(1))
        if found is None:
            return ''
        file[0] = found.file
        return found.value
    value = re.sub(r'\$\{([A-Za-z_][A-Za-z0-9_]*)\}', put, word.value)
    return [Setting(value, file[0])]


def _flags_of(line):
    flags, strays, taken = {}, [], False
    for index, word in enumerate(line):
        match = re.match(r'^--?([a-z0-9-]+)(?:=(.*))?$', word.value, re.S)
        if match is None:
            if not taken:
                strays.append(word.value)
            taken = False
            continue
        name, value = match.groups()
        following = line[index + 1] if index + 1 < len(line) else None
        taken = value is None and following is not None and not following.value.startswith('-')
        if value is not None:
            flags[name] = Setting(value, word.file)
        else:
            flags[name] = following if taken else Setting('true', word.file)
    return flags, strays
