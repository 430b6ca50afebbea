"""Which settings etcd gets, and where each one stands."""
import os
import unittest
from types import SimpleNamespace
from unittest import mock

from etcd_medic_host import settings, texts
from etcd_medic_host.settings import Settings
from support import Host, account, needs_root

PACKAGED = '/usr/lib/systemd/system/etcd.service'
OWN = '/etc/systemd/system/etcd.service'
FILE = '/etc/default/etcd'
DEBIAN = """[Service]
Environment=DAEMON_ARGS=
Environment=ETCD_NAME=%H
Environment=ETCD_DATA_DIR=/var/lib/etcd/default
EnvironmentFile=-/etc/default/%p
ExecStart=/usr/bin/etcd $DAEMON_ARGS
"""


def unit_of(*files, name='etcd.service'):
    return SimpleNamespace(name=name, files=list(files), directives=texts.directives(files), needs_reload=False)


def of(unit, files=None, name='etcd.service'):
    """Settings of a unit (its text, or (path, text) pairs) with these other files and none of this machine's."""
    pairs = [(PACKAGED, unit)] if isinstance(unit, str) else unit
    with mock.patch.object(settings, 'read_text', missing):
        return Settings(unit_of(*pairs, name=name), account(), files or {})


def missing(path, _account):
    raise FileNotFoundError(2, 'No such file or directory', path)


class Styles(unittest.TestCase):
    def test_reads_debians_own_unit_the_environment_file_before_environment(self):
        found = of(DEBIAN, {FILE: 'ETCD_DATA_DIR=/data/etcd/data\nETCD_INITIAL_CLUSTER_STATE="new"\n'})
        self.assertEqual((found.style, found.program, found.problem, found.file()), ('environment-file', '/usr/bin/etcd', None, FILE))
        self.assertEqual((found.values['data-dir'].value, found.values['data-dir'].file), ('/data/etcd/data', FILE))
        self.assertEqual((found.values['name'].value, found.values['name'].file), ('%H', PACKAGED))

    def test_the_last_of_repeated_keys_and_of_several_files_wins(self):
        text = '[Service]\nEnvironmentFile=/a\nEnvironmentFile=-/b\nEnvironmentFile=-/gone\nExecStart=/usr/bin/etcd'
        found = of(text, {'/a': 'ETCD_NAME=1\nETCD_NAME=2\nETCD_X=a', '/b': 'ETCD_NAME=3'})
        self.assertEqual((found.value('name'), found.values['name'].file, found.value('x'), found.problem), ('3', '/b', 'a', None))
        self.assertEqual(found.file(), '/b')

    def test_an_empty_environment_file_directive_forgets_those_before(self):
        found = of([(PACKAGED, '[Service]\nEnvironmentFile=/a\nExecStart=/e'), (OWN + '.d/x.conf', '[Service]\nEnvironmentFile=\nEnvironmentFile=/b\n')],
                   {'/a': 'ETCD_NAME=1', '/b': 'ETCD_DATA_DIR=2'})
        self.assertEqual(sorted(found.values), ['data-dir'])

    def test_a_missing_file_is_a_problem_unless_it_may_be_missing(self):
        self.assertIn('/gone cannot be read', of('[Service]\nEnvironmentFile=/gone\nExecStart=/e').problem)
        self.assertIsNone(of('[Service]\nEnvironmentFile=-/gone\nExecStart=/e').problem)
        self.assertIn('/gone.yml cannot be read', of('[Service]\nExecStart=/e --config-file=/gone.yml').problem)

    def test_flags_in_a_variable_go_before_variables_and_stand_in_the_environment_file(self):
        found = of(DEBIAN, {FILE: 'ETCD_INITIAL_CLUSTER_STATE=existing\nDAEMON_ARGS="--initial-cluster-state new --data-dir=/d"\n'})
        self.assertEqual((found.style, found.value('initial-cluster-state'), found.values['initial-cluster-state'].file, found.value('data-dir')),
                         ('environment-file', 'new', FILE, '/d'))

    def test_reads_flags_with_one_or_two_dashes_and_with_equals_or_a_blank_also_of_a_drop_in(self):
        drop_in = OWN + '.d/flags.conf'
        found = of([(PACKAGED, DEBIAN), (drop_in, '[Service]\nExecStart=\nExecStart=-/opt/etcd -initial-cluster-state new --enable-v2 --initial-cluster-token="t" --x=\n')])
        self.assertEqual((found.style, found.program, found.unit_file, found.file()), ('flags', '/opt/etcd', drop_in, drop_in))
        self.assertEqual([found.value(name) for name in ('initial-cluster-state', 'enable-v2', 'initial-cluster-token', 'x')], ['new', 'true', 't', ''])

    def test_a_config_file_goes_before_everything_and_nothing_else_is_kept(self):
        for line in ('ExecStart=/e --config-file=/c.yml --data-dir=/wrong', 'ExecStart=/e --config-file /c.yml', 'Environment=ETCD_CONFIG_FILE=/c.yml\nExecStart=/e'):
            found = of('[Service]\nEnvironment=ETCD_DATA_DIR=/wrong\n' + line, {'/c.yml': "data-dir: /d # here\ninitial-cluster-state: 'new'\n"})
            self.assertEqual((found.style, sorted(found.values), found.value('data-dir'), found.values['data-dir'].file, found.file()),
                             ('config-file', ['data-dir', 'initial-cluster-state'], '/d', '/c.yml', '/c.yml'))

    def test_a_config_file_that_is_not_understood_is_a_problem(self):
        found = of('[Service]\nExecStart=/e --config-file=/c.yml', {'/c.yml': 'a: &b c'})
        self.assertIn('/c.yml is not written in a way that is known', found.problem)

    def test_reads_through_a_shell_that_runs_etcd_alone(self):
        for line in ('/bin/bash -c "GOMAXPROCS=$(nproc) /usr/bin/etcd --name=\\"${ETCD_NAME}\\" --initial-cluster-state=new"',
                     "-/bin/sh -c 'exec /usr/bin/etcd --name $ETCD_NAME $ARGS'"):
            found = of('[Service]\nEnvironmentFile=/f\nExecStart=' + line, {'/f': 'ETCD_NAME=a\nARGS=--initial-cluster-state=new\n'})
            with self.subTest(line=line):
                self.assertEqual((found.program, found.value('name'), found.value('initial-cluster-state'), found.problem), ('/usr/bin/etcd', 'a', 'new', None))

    def test_a_shell_with_more_than_one_command_is_a_problem(self):
        for line in ('. /x; /usr/bin/etcd', '/usr/bin/etcd | tee', '/usr/bin/etcd --name $(hostname)', '/usr/bin/etcd > /log', '/usr/bin/etcd && x', '/usr/bin/etcd --name `hostname`'):
            self.assertIn('more than one command', of("[Service]\nExecStart=/bin/bash -c '%s'" % line).problem, line)

    def test_expands_words_as_systemd_does(self):
        found = of('[Service]\nEnvironment="A=--name x" B=y\nExecStart=/e $A --data-dir=/d/${B}/${NONE} $NONE "--x=$B"')
        self.assertEqual([found.value(name) for name in ('name', 'data-dir', 'x')], ['x', '/d/y/', '$B'])

    def test_a_unit_without_a_start_has_no_settings(self):
        found = of('[Service]\nUser=x')
        self.assertEqual((found.values, found.program, found.file()), ({}, '', None))

    def test_shows_how_a_member_is_laid_out_and_no_secret(self):
        found = of('[Service]\nEnvironment=ETCD_NAME=a ETCD_AUTH_TOKEN=jwt,priv-key=/k ETCD_ROOT_PASSWORD=p ETCD_CERT_FILE=/c\nExecStart=/e')
        self.assertEqual(found.shown(), {'name': 'a', 'cert-file': '/c'})

    def test_on_is_what_etcd_takes_for_on(self):
        for value, on in [('true', True), ('1', True), ('', False), ('false', False), ('0', False), ('f', False), ('F', False)]:
            self.assertEqual(of('[Service]\nExecStart=/e --enable-v2=%s' % value).is_on('enable-v2'), on)
        self.assertTrue(of('[Service]\nExecStart=/e --enable-v2').is_on('enable-v2'))
        self.assertFalse(of('[Service]\nExecStart=/e').is_on('enable-v2'))

    def test_foretells_another_text(self):
        was = of(DEBIAN, {FILE: 'ETCD_NAME=a\n'})
        with mock.patch.object(settings, 'read_text', missing):
            self.assertEqual((was.with_text(FILE, 'ETCD_NAME=b\n').value('name'), was.value('name')), ('b', 'a'))
        self.assertEqual((was.text_of(FILE), was.text_of(PACKAGED), was.text_of('/other')), ('ETCD_NAME=a\n', DEBIAN, None))


class Paths(unittest.TestCase):
    def test_fills_in_what_the_unit_is_called(self):
        for name, path, expected in [('etcd.service', '-/etc/default/%p', '/etc/default/etcd'), ('etcd@main.service', '/e/%p/%i/%N/%n/%%', '/e/etcd/main/etcd@main/etcd@main.service/%'),
                                     ('etcd.service', '/e/%z', '/e/%z')]:
            found = settings._environment_paths(unit_of(('/u', '[Service]\nEnvironmentFile=' + path), name=name))
            self.assertEqual(found, [(expected, path.startswith('-'))])

    def test_takes_all_files_of_a_pattern_and_they_may_be_missing(self):
        host = Host(self)
        for name in 'ba':
            host.write('%s/etc/%s.env' % (host.root, name), '')
        found = settings._environment_paths(unit_of(('/u', '[Service]\nEnvironmentFile=%s/etc/*.env' % host.root)))
        self.assertEqual(found, [('%s/etc/%s.env' % (host.root, name), True) for name in 'ab'])


class Links(unittest.TestCase):
    @needs_root
    def test_root_follows_a_link_of_roots(self):
        host = Host(self)
        host.write(host.root + '/etc/real', 'A=1\n')
        os.symlink('../real', host.root + '/etc/default/link')
        self.assertEqual(settings.read_text(host.root + '/etc/default/link', host.account), 'A=1\n')

    @needs_root
    def test_root_follows_no_link_of_etcds(self):
        host = Host(self)
        host.write(host.root + '/etc/secret', 'A=1\n')
        os.chmod(host.root + '/etc/secret', 0o600)
        os.symlink(host.root + '/etc/secret', host.parent + '/link')
        os.symlink(host.parent + '/link', host.root + '/etc/default/link')
        for path in ('/var/etcd/link', '/etc/default/link'):
            self.assertRaises(OSError, settings.read_text, host.root + path, host.account)

    @needs_root
    def test_a_file_that_etcd_alone_may_read_is_read_as_etcd(self):
        host = Host(self)
        host.write(host.parent + '/f', 'A=1\n')
        os.chmod(host.parent + '/f', 0o600)
        host.give(host.parent + '/f')
        self.assertEqual(settings.read_text(host.parent + '/f', host.account), 'A=1\n')

    def test_a_chain_without_end_ends(self):
        host = Host(self, by='root')
        for one, other in ('ab', 'ba'):
            os.symlink(other, '%s/etc/%s' % (host.root, one))
        self.assertRaises(OSError, settings.read_text, host.root + '/etc/a', host.account)


if __name__ == '__main__':
    unittest.main()
