"""Changes how a member finds its cluster, where it stands: the text before and after, and the command a person would type for it."""
import hashlib
import json
import re

from .refused import Refused, unknown
from .units import set_aside_file, own_file

# What the host's administrators write; packages keep theirs elsewhere.
ADMINISTRATORS = '/etc/'
NAMES = ('initial-cluster-state', 'initial-cluster-token', 'initial-cluster')


def wanted_of(arguments):
    """The settings that are given, by etcd's names. Raises Refused ARGUMENT_UNSAFE for a value with more in it than such values have."""
    patterns = (r'(new|existing)', r'[A-Za-z0-9._-]{1,128}', r'[A-Za-z0-9.:/,=_\[\]-]{1,4096}')
    wanted = []
    for name, pattern in zip(NAMES, patterns):
        value = arguments.get(name.replace('-', '_'))
        if value is None:
            continue
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Refused('ARGUMENT_UNSAFE', '%s cannot be set to %s.' % (name, json.dumps(value)[:200]))
        wanted.append((name, value))
    if not wanted or wanted[0][0] != NAMES[0]:
        raise Refused('HOST_PROTOCOL', 'initial_cluster_state is missing.')
    return wanted


def copy_name(file, wanted):
    """The copy that is kept of a file says what came after it, so that a repeat makes no second one. A hash stands for a whole initial cluster."""
    values = dict(wanted)
    after = values.get('initial-cluster-token')
    if 'initial-cluster' in values:
        after = hashlib.sha256(json.dumps(wanted).encode('ascii')).hexdigest()[:12]
    return '%s.before-%s%s.etcd-medic' % (file, values['initial-cluster-state'], '' if after is None else '-' + after)


def stands(settings, unit, wanted):
    """Why the settings do not have these values yet, in words; None when they have, and systemd knows."""
    wrong = []
    for name, value in wanted:
        found = settings.values.get(name)
        if found is None or found.value != value:
            wrong.append('%s is %s, not %s' % (name, 'not set' if found is None else '%s in %s' % (found.value, found.file), value))
    if wrong:
        return ', and '.join(wrong)
    return 'the unit was changed and systemd not yet reloaded' if unit.needs_reload else None


class Edit:
    """What is to become of one file."""

    def __init__(self, path, before, after):
        self.path = path
        self.before = before
        self.after = after

    def command(self):
        """What a person types for it: sed, with an expression for each line that changes."""
        if self.before == '':
            # sed adds nothing to a file without a line: it takes another one's for it.
            return ['sed', '-n', '-e', '1s@.*@%s@w%s' % ('\\n'.join(self.after.rstrip('\n').split('\n')), self.path), '/proc/version']
        return ['sed', '-i'] + self._expressions() + [self.path]

    def _expressions(self):
        """Lines are only replaced or added at the end."""
        old, young = self.before.split('\n'), self.after.split('\n')
        found = []
        for index, line in enumerate(young):
            if index < len(old) - 1 and line != old[index]:
                found += ['-e', '%ds@.*@%s@' % (index + 1, re.sub(r'([\\&@])', r'\\\1', line))]
            elif index >= len(old) - 1 and line and (index >= len(old) or line != old[index]):
                found += ['-e', '$a%s' % line] if index >= len(old) or old[index] == '' else ['-e', '%ds@.*@%s@' % (index + 1, re.sub(r'([\\&@])', r'\\\1', line))]
        return found

    def difference(self):
        """A unified diff without context: the other lines are nobody's business in a thread."""
        old, young = self.before.split('\n'), self.after.split('\n')
        hunks = []
        for index, line in enumerate(young):
            was = old[index] if index < len(old) else None
            if was == line or (line == '' and index == len(young) - 1):
                continue
            if was is None or (was == '' and index == len(old) - 1):
                hunks += ['@@ -%d,0 +%d @@' % (index, index + 1), '+' + line]
            else:
                hunks += ['@@ -%d +%d @@' % (index + 1, index + 1), '-' + was, '+' + line]
        return '\n'.join(['--- ' + self.path, '+++ ' + self.path] + hunks + ['']) if hunks else ''


def edit_of(settings, etcd, unit, wanted):
    """
    The edit that gives these settings their values and leaves every other one as it is. Raises Refused HOST_OUTPUT_UNKNOWN with what a
    person must do where that cannot be known.
    """
    def by_hand(because):
        words = ' and '.join('%s to %s' % pair for pair in wanted)
        return unknown('%s cannot be changed here: %s.' % (' and '.join(name for name, _ in wanted), because),
                       'Set %s on the host by hand, run systemctl daemon-reload, then press Retry.' % words)

    if settings.problem:
        raise by_hand(settings.problem)
    places = sorted({settings.values[name].file for name, _ in wanted if name in settings.values})
    path = places[0] if places else settings.file()
    text = settings.text_of(path) if path else None
    missing = [name for name, _ in wanted if name not in settings.values]
    if len(places) > 1:
        raise by_hand('they stand in more than one file (%s)' % ', '.join(places))
    if text is None:
        raise by_hand('no file was found where they stand')
    if settings.style == 'flags' and missing:
        raise by_hand('%s is no flag of ExecStart in %s yet' % (' and '.join(missing), path))
    if not path.startswith(ADMINISTRATORS):
        raise by_hand('they stand in %s, which belongs to a package and would be overwritten by its next version' % path)
    allowed = {etcd.settings_file, set_aside_file(unit.name) if etcd.settings_file == own_file(unit.name) else etcd.settings_file}
    if path not in allowed:
        raise by_hand('they stand in %s, and host.json says %s' % (path, etcd.settings_file))
    after = edited(text, settings.style, wanted, missing)
    foretold = settings.with_text(path, after)
    wrong = [name for name, value in wanted if foretold.value(name) != value]
    if wrong or foretold.problem:
        raise by_hand('%s is not written in a way that is known' % path)
    names = (set(settings.values) | set(foretold.values)) - {name for name, _ in wanted}
    moved = sorted(name for name in names if settings.value(name) != foretold.value(name))
    moved += [word for word in foretold.strays if word not in settings.strays]
    if moved:
        raise by_hand('the change would also move %s in %s' % (', '.join(moved), path))
    return Edit(path, text, after)


def edited(text, style, wanted, missing):
    """Quotes, comments and all else stay as they are, byte for byte."""
    for name, value in wanted:
        variable = 'ETCD_' + name.upper().replace('-', '_')
        if name in missing:
            line = '%s=%s' % (variable, value) if style == 'environment-file' else '%s: %s' % (name, value)
            text = '%s%s\n' % (text if not text or text.endswith('\n') else text + '\n', line)
            continue
        old = r'[A-Za-z0-9.:/,=_\[\]-]*' if name == 'initial-cluster' else r'[A-Za-z0-9._-]*'
        # A longer name that ends in the same words is another one.
        pattern = re.compile(r'((?<![A-Za-z0-9_])(?<![A-Za-z0-9_]-)(?:%s|%s)[=: ] *["\']?)%s' % (variable, name, old))
        lines = [line if re.match(r'^ *[#;]', line) else pattern.sub(lambda match: match.group(1) + value, line) for line in text.split('\n')]
        text = '\n'.join(lines)
    return text


def before(settings, etcd, unit, wanted, read):
    """
    What these settings were before they were set, as the copy of their file has it; None when there is no such copy. Where one stood nowhere it
    gets what etcd takes without it (https://etcd.io/docs/v3.5/op-guide/configuration/#clustering).
    """
    file = settings.file()
    if file is None:
        return None
    plain = own_file(unit.name) if file == set_aside_file(unit.name) else file
    for name in (file, plain):
        try:
            text = read(copy_name(name, wanted))
        except OSError:
            continue
        former = settings.with_text(file, text)
        names = [name for name, _ in wanted]
        found = {'initial_cluster_state': 'existing' if former.value('initial-cluster-state') == 'existing' else 'new'}
        if 'initial-cluster-token' in names:
            found['initial_cluster_token'] = former.value('initial-cluster-token') or 'etcd-cluster'
        if 'initial-cluster' in names and former.value('initial-cluster'):
            found['initial_cluster'] = former.value('initial-cluster')
        return found
    return None
