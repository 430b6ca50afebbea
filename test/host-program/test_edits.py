"""The change of settings: what is foretold, what sed would do, what is shown, and what is left to a person."""
import json
import os
import string
import subprocess
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

from etcd_medic_host import edits, settings
from etcd_medic_host.refused import Refused
from support import Host, dice
from test_settings import DEBIAN, FILE, OWN, PACKAGED, missing, of, unit_of

STATE = [('initial-cluster-state', 'existing')]
WANTED = STATE + [('initial-cluster-token', 'etcd-cluster-7f3a9c')]
CLUSTER = 'a=https://10.0.0.31:2380,b=https://[2001:db8::2]:2380,c_1=http://c.example:2380'
ALL = WANTED + [('initial-cluster', CLUSTER)]
OLD = 'a=http://x:2380,d=https://[::1]:2380'
ENVIRONMENT, FLAGS, YAML = 'environment-file', 'flags', 'config-file'


def by_sed(before, after):
    """What the command that is shown makes of the text; none is where nothing changes."""
    if before == after:
        return before
    with tempfile.TemporaryDirectory() as directory:
        path = directory + '/file'
        with open(path, 'w', newline='') as file:
            file.write(before)
        edit = edits.Edit(path, before, after)
        subprocess.run(edit.command(), check=True)
        with open(path, newline='') as file:
            return file.read()


class Edited(unittest.TestCase):
    def expect(self, style, wanted, missing_names, before, after):
        self.assertEqual(edits.edited(before, style, wanted, missing_names), after)
        self.assertEqual(by_sed(before, after), after)
        self.assertEqual(edits.edited(after, style, wanted, []), after, 'it is another when it is done twice')

    def test_changes_two_settings_and_no_byte_else(self):
        for style, missing_names, before, after in [
            (ENVIRONMENT, [], 'ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=t\n', 'ETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n'),
            (ENVIRONMENT, [],
             '# ETCD_INITIAL_CLUSTER_STATE="new"\n\n  ETCD_INITIAL_CLUSTER_STATE="new"  \nETCD_NAME=\'a\'\t\nETCD_INITIAL_CLUSTER_TOKEN=\'t\'\nETCD_INITIAL_CLUSTER_STATE=new',
             '# ETCD_INITIAL_CLUSTER_STATE="new"\n\n  ETCD_INITIAL_CLUSTER_STATE="existing"  \nETCD_NAME=\'a\'\t\nETCD_INITIAL_CLUSTER_TOKEN=\'etcd-cluster-7f3a9c\'\n'
             'ETCD_INITIAL_CLUSTER_STATE=existing'),
            (ENVIRONMENT, [], 'DAEMON_ARGS="--name a --initial-cluster-state new --initial-cluster-token=t --initial-cluster=a=https://x:2380"\n',
             'DAEMON_ARGS="--name a --initial-cluster-state existing --initial-cluster-token=etcd-cluster-7f3a9c --initial-cluster=a=https://x:2380"\n'),
            (ENVIRONMENT, ['initial-cluster-token'], 'ETCD_INITIAL_CLUSTER_STATE=new\nETCD_NAME=a', 'ETCD_INITIAL_CLUSTER_STATE=existing\nETCD_NAME=a\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n'),
            (ENVIRONMENT, ['initial-cluster-state', 'initial-cluster-token'], '', 'ETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n'),
            (ENVIRONMENT, [], 'ETCD_INITIAL_CLUSTER_STATE=new\r\nETCD_INITIAL_CLUSTER_TOKEN=t\r\n', 'ETCD_INITIAL_CLUSTER_STATE=existing\r\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\r\n'),
            (FLAGS, [], '[Service]\nExecStart=/usr/bin/etcd \\\n  --initial-cluster-state=new \\\n  --initial-cluster-token "t"\n',
             '[Service]\nExecStart=/usr/bin/etcd \\\n  --initial-cluster-state=existing \\\n  --initial-cluster-token "etcd-cluster-7f3a9c"\n'),
            (YAML, [], "name: a # me\ninitial-cluster-state: 'new' # first time\ninitial-cluster-token: t\n",
             "name: a # me\ninitial-cluster-state: 'existing' # first time\ninitial-cluster-token: etcd-cluster-7f3a9c\n"),
            (YAML, ['initial-cluster-state', 'initial-cluster-token'], 'name: a\n', 'name: a\ninitial-cluster-state: existing\ninitial-cluster-token: etcd-cluster-7f3a9c\n'),
        ]:
            with self.subTest(before=before):
                self.expect(style, WANTED, missing_names, before, after)

    def test_changes_all_three_and_no_more(self):
        for style, before in [
            (ENVIRONMENT, 'ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER="%s"\nETCD_INITIAL_CLUSTER_TOKEN=t\n'),
            (FLAGS, 'ExecStart=etcd \\\n --initial-cluster %s \\\n --initial-cluster-state=new --initial-cluster-token t \\\n --x=y\n'),
            (FLAGS, "ExecStart=etcd --initial-cluster='%s' --initial-cluster-state=new --initial-cluster-token=t --x=y\n"),
            (ENVIRONMENT, "ARGS='--initial-cluster=%s --initial-cluster-state new --initial-cluster-token t'\n"),
            (YAML, 'initial-cluster: %s # all\ninitial-cluster-state: new\ninitial-cluster-token: "t"\n'),
        ]:
            after = before.replace('new', 'existing') % CLUSTER
            for form in ('TOKEN=', 'token ', 'token=', 'token: "'):
                after = after.replace(form + 't', form + 'etcd-cluster-7f3a9c')
            with self.subTest(before=before):
                self.expect(style, ALL, [], before % OLD, after)

    def test_changes_the_state_alone_or_with_the_cluster(self):
        text = 'ETCD_INITIAL_CLUSTER=a=http://x:2380\nETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=t\n'
        self.expect(ENVIRONMENT, STATE, [], text, text.replace('new', 'existing'))
        self.expect(ENVIRONMENT, STATE + [ALL[2]], [], text, text.replace('new', 'existing').replace('a=http://x:2380', CLUSTER))

    def test_leaves_names_alone_that_only_end_like_one(self):
        text = 'OLD_ETCD_INITIAL_CLUSTER_STATE=new\nX="--not-initial-cluster-state=new"\nETCD_INITIAL_CLUSTER_STATE=new\n'
        self.assertEqual(edits.edited(text, ENVIRONMENT, STATE, []), text[:-4] + 'existing\n')

    def test_what_is_shown_does_the_same_to_any_file(self):
        random = dice(self)
        pieces = ['ETCD_INITIAL_CLUSTER_STATE=new', 'ETCD_INITIAL_CLUSTER_TOKEN="t"', "  ETCD_INITIAL_CLUSTER='a=http://x:2380'", '# ETCD_INITIAL_CLUSTER_STATE=new', '', ' ',
                  'ARGS="--initial-cluster-state new --initial-cluster=a=b"', 'x@y&z\\1', '\\', 'ETCD_NAME=ä', '\t;', 'initial-cluster-token: t # &@\\', 'q\r']
        for number in range(150):
            lines = [random.choice(pieces + [''.join(random.choice(string.printable[:95]) for _ in range(random.randrange(20)))]) for _ in range(random.randrange(7))]
            before = '\n'.join(lines) + random.choice(['', '\n', '\n\n'])
            missing_names = [name for name, _ in ALL if random.random() < 0.3]
            after = edits.edited(before, random.choice([ENVIRONMENT, YAML]), ALL, missing_names)
            with self.subTest(number=number, before=before):
                self.assertEqual(by_sed(before, after), after)


class Wanted(unittest.TestCase):
    def test_takes_the_state_and_what_else_is_given(self):
        self.assertEqual(edits.wanted_of({'initial_cluster_state': 'existing', 'initial_cluster': CLUSTER, 'initial_cluster_token': 'a.b_c-D'}),
                         [('initial-cluster-state', 'existing'), ('initial-cluster-token', 'a.b_c-D'), ('initial-cluster', CLUSTER)])

    def test_refuses_what_could_be_read_as_more_than_a_value(self):
        for name, values in {'initial_cluster': ['a=https://x:2380;id', 'a=https://x:2380 /etc/shadow', 'a=@e', 'a=&', 'a=\\1', 'a=https://x\nb', '', 'a=b\n', 7],
                             'initial_cluster_token': ['a/e;id', '', 'a b', 'a\n', 'x' * 129], 'initial_cluster_state': ['old', 'new\n', '', True]}.items():
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaises(Refused) as caught:
                    edits.wanted_of(dict({'initial_cluster_state': 'new'}, **{name: value}))
                self.assertEqual(caught.exception.code, 'ARGUMENT_UNSAFE')
        with self.assertRaises(Refused) as caught:
            edits.wanted_of({'initial_cluster_token': 't'})
        self.assertEqual(caught.exception.code, 'HOST_PROTOCOL')

    def test_keeps_copies_under_names_that_say_what_came_after_and_are_never_long(self):
        self.assertEqual(edits.copy_name('/f', STATE), '/f.before-existing.etcd-medic')
        self.assertEqual(edits.copy_name('/f', WANTED), '/f.before-existing-etcd-cluster-7f3a9c.etcd-medic')
        long = WANTED + [('initial-cluster', ','.join('member-%d=https://%s:2380' % (index, 'x' * 60) for index in range(9)))]
        self.assertRegex(edits.copy_name('/f', long), r'^/f\.before-existing-[0-9a-f]{12}\.etcd-medic$')
        self.assertNotEqual(edits.copy_name('/f', ALL), edits.copy_name('/f', long))


class Difference(unittest.TestCase):
    def test_shows_the_lines_that_changed_and_no_others(self):
        for path, before, after, hunks in [
            ('/etc/default/etcd', 'SECRET=1\nA=1\nB=2', 'SECRET=1\nA=3\nB=2\nC=4\n', ['@@ -2 +2 @@', '-A=1', '+A=3', '@@ -3,0 +4 @@', '+C=4']),
            ('/f', 'A=1\n', 'A=1\nB=2\n', ['@@ -1,0 +2 @@', '+B=2']), ('/f', '', 'B=2\n', ['@@ -0,0 +1 @@', '+B=2']),
        ]:
            self.assertEqual(edits.Edit(path, before, after).difference(), '\n'.join(['--- ' + path, '+++ ' + path] + hunks + ['']))

    def test_is_empty_when_nothing_changed(self):
        self.assertEqual(edits.Edit('/f', 'A=1\n', 'A=1\n').difference(), '')


def edit_of(unit, files, wanted=WANTED, settings_file=FILE):
    found = of(unit, files)
    with mock.patch.object(settings, 'read_text', missing):
        return edits.edit_of(found, SimpleNamespace(settings_file=settings_file), found._unit, wanted)


class EditOf(unittest.TestCase):
    def test_finds_where_they_stand(self):
        flags = '[Service]\nExecStart=/usr/bin/etcd --initial-cluster-state=new --initial-cluster-token=t'
        yaml = '[Service]\nExecStart=/usr/bin/etcd --config-file /etc/etcd/etcd.yml'
        self.assertIn('STATE="existing"', edit_of(DEBIAN, {FILE: 'ETCD_INITIAL_CLUSTER_STATE="new"\nETCD_INITIAL_CLUSTER_TOKEN="etcd-cluster"\n'}).after)
        self.assertEqual(edit_of(DEBIAN, {FILE: 'ETCD_NAME=a\n'}).after, 'ETCD_NAME=a\nETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n')
        self.assertIn('--initial-cluster-state=existing --initial-cluster-token=etcd-cluster-7f3a9c', edit_of([(OWN, flags)], {}, settings_file=OWN).after)
        # While it is masked, the same file waits under another name.
        aside = OWN + '.masked-by-etcd-medic'
        self.assertEqual(edit_of([(aside, flags)], {}, settings_file=OWN).path, aside)
        self.assertEqual(edit_of([(OWN, yaml)], {'/etc/etcd/etcd.yml': 'initial-cluster-state: new\ninitial-cluster-token: t\n'}, settings_file='/etc/etcd/etcd.yml').after,
                         'initial-cluster-state: existing\ninitial-cluster-token: etcd-cluster-7f3a9c\n')

    def test_touches_nothing_and_says_what_to_do_by_hand(self):
        packaged = '[Service]\nExecStart=/usr/bin/etcd --initial-cluster-state=new --initial-cluster-token=t'
        both = '[Service]\nExecStart=/usr/bin/etcd \\\n  --initial-cluster-token=t --initial-cluster-state \\\n  new \\\n  --name=a'
        for unit, files, settings_file, because in [
            (packaged, {}, PACKAGED, 'belongs to a package'),
            ([(OWN, '[Service]\nExecStart=/usr/bin/etcd --initial-cluster-state=new')], {}, OWN, 'initial-cluster-token is no flag'),
            (DEBIAN.replace('$DAEMON_ARGS', '--initial-cluster-state=new'), {FILE: 'ETCD_INITIAL_CLUSTER_TOKEN=t\n'}, FILE, 'more than one file'),
            (DEBIAN, {FILE: 'ETCD_INITIAL_CLUSTER_STATE=n"e"w\nETCD_INITIAL_CLUSTER_TOKEN=t\n'}, FILE, 'not written in a way'),
            ([(OWN, both)], {}, OWN, 'would also move new'),
            (DEBIAN, {}, FILE, 'initial-cluster-state and initial-cluster-token is no flag'),
            (DEBIAN, {FILE: 'ETCD_NAME=a\n'}, '/etc/other', 'host.json says /etc/other'),
            ('[Service]\nExecStart=/e --config-file=/etc/c.json', {'/etc/c.json': '{"initial-cluster-state": "new", "initial-cluster-token": "t"}'}, '/etc/c.json', 'not written in a way'),
            ('[Service]\nExecStart=/e --config-file=/etc/c.yml', {'/etc/c.yml': 'name: &a b'}, '/etc/c.yml', 'not written in a way'),
            ('[Service]\nEnvironmentFile=/etc/gone\nExecStart=/e', {}, '/etc/gone', 'cannot be read'),
            (DEBIAN, {FILE: 'ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN="a \\\n b"\n'}, FILE, 'not written in a way'),
        ]:
            with self.subTest(because=because), self.assertRaises(Refused) as caught:
                edit_of(unit, files, settings_file=settings_file)
            self.assertEqual((caught.exception.code, because in caught.exception.message), ('HOST_OUTPUT_UNKNOWN', True), caught.exception.message)
            self.assertIn('by hand', caught.exception.hint)


class Stands(unittest.TestCase):
    def test_says_what_does_not_stand_yet(self):
        unit = unit_of()
        self.assertEqual(edits.stands(of(DEBIAN, {FILE: 'ETCD_INITIAL_CLUSTER_STATE=new\n'}), unit, WANTED),
                         'initial-cluster-state is new in /etc/default/etcd, not existing, and initial-cluster-token is not set, not etcd-cluster-7f3a9c')
        done = of(DEBIAN, {FILE: 'ETCD_INITIAL_CLUSTER_STATE=existing\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-7f3a9c\n'})
        self.assertIsNone(edits.stands(done, unit, WANTED))
        unit.needs_reload = True
        self.assertIn('not yet reloaded', edits.stands(done, unit, WANTED))


class Before(unittest.TestCase):
    now = 'ETCD_INITIAL_CLUSTER_STATE="existing"\nETCD_INITIAL_CLUSTER_TOKEN="etcd-cluster-7f3a9c"\nETCD_NAME="etcd01"\n'

    def before(self, unit, files, copies, wanted=WANTED):
        found = of(unit, files)

        def read(path):
            return copies[path] if path in copies else missing(path, None)
        with mock.patch.object(settings, 'read_text', missing):
            return edits.before(found, None, unit_of(), wanted, read)

    def test_gives_exactly_the_settings_that_were_changed(self):
        old = 'ETCD_INITIAL_CLUSTER_STATE="new"\nETCD_INITIAL_CLUSTER_TOKEN="of-old"\nETCD_INITIAL_CLUSTER="a=https://x:2380"\nETCD_NAME="etcd01"\n'
        self.assertEqual(self.before(DEBIAN, {FILE: self.now}, {edits.copy_name(FILE, WANTED): old}), {'initial_cluster_state': 'new', 'initial_cluster_token': 'of-old'})
        self.assertEqual(self.before(DEBIAN, {FILE: self.now}, {edits.copy_name(FILE, ALL): old}, ALL),
                         {'initial_cluster_state': 'new', 'initial_cluster_token': 'of-old', 'initial_cluster': 'a=https://x:2380'})

    def test_gives_what_etcd_takes_by_itself_where_one_stood_nowhere(self):
        self.assertEqual(self.before(DEBIAN, {FILE: self.now}, {edits.copy_name(FILE, WANTED): 'ETCD_NAME="etcd01"\n'}),
                         {'initial_cluster_state': 'new', 'initial_cluster_token': 'etcd-cluster'})

    def test_finds_the_copy_of_a_unit_file_also_while_it_is_masked(self):
        def unit(state, token):
            return '[Service]\nExecStart=/usr/bin/etcd --initial-cluster-state=%s --initial-cluster-token=%s' % (state, token)
        kept = {edits.copy_name(OWN, WANTED): unit('new', 'of-old')}
        for path in (OWN, OWN + '.masked-by-etcd-medic'):
            self.assertEqual(self.before([(path, unit('existing', 'etcd-cluster-7f3a9c'))], {}, kept), {'initial_cluster_state': 'new', 'initial_cluster_token': 'of-old'})

    def test_says_that_it_does_not_know_without_a_copy(self):
        self.assertIsNone(self.before(DEBIAN, {FILE: self.now}, {}))
        self.assertIsNone(self.before('[Service]\nUser=x', {}, {}))


class SetSettings(unittest.TestCase):
    """The act, on files."""

    def act(self):
        from etcd_medic_host.unit_acts import SetSettings as Act
        return Act({'initial_cluster_state': 'existing', 'initial_cluster_token': 'etcd-cluster-7f3a9c'})

    def test_changes_the_file_keeps_a_copy_and_reloads_systemd(self):
        host = Host(self)
        before = host.read(host.settings_file)
        os.chmod(host.settings_file, 0o640)
        act = self.act()
        self.assertEqual([argv[0] for argv in host.do(act)], ['cp', 'sed', host.root + '/systemctl'])
        self.assertIn('-ETCD_INITIAL_CLUSTER_STATE=new\n+ETCD_INITIAL_CLUSTER_STATE=existing', act.difference)
        self.assertEqual(host.read(host.settings_file), before.replace('new', 'existing').replace('TOKEN=t', 'TOKEN=etcd-cluster-7f3a9c'))
        self.assertEqual(host.read(edits.copy_name(host.settings_file, WANTED)), before)
        self.assertEqual([oct(os.stat(path).st_mode & 0o777) for path in (host.settings_file, edits.copy_name(host.settings_file, WANTED))], ['0o640', '0o640'])
        self.assertEqual(host.calls(), ['daemon-reload'])
        self.assertEqual(host.do(self.act()), [])

    def test_makes_a_copy_anew_that_was_cut(self):
        host = Host(self)
        before = host.read(host.settings_file)
        host.write(edits.copy_name(host.settings_file, WANTED), 'ETCD_INITIAL_CLU')
        host.do(self.act())
        self.assertEqual(host.read(edits.copy_name(host.settings_file, WANTED)), before)

    def test_ends_in_the_same_state_after_a_cut_anywhere(self):
        for cut in range(3):
            host = Host(self)
            before = host.read(host.settings_file)
            host.do(self.act(), limit=cut)
            if cut == 2:
                host.systemd(stale='')
            host.do(self.act())
            self.assertEqual(host.read(edits.copy_name(host.settings_file, WANTED)), before)
            self.assertIn('STATE=existing', host.read(host.settings_file))
            self.assertEqual((host.calls(), host.do(self.act())), (['daemon-reload'], []))

    def test_keeps_a_link_that_root_made_and_changes_what_it_leads_to(self):
        host = Host(self, by='root')
        os.rename(host.settings_file, host.root + '/etc/real')
        os.symlink('../real', host.settings_file)
        host.do(self.act())
        self.assertEqual(os.readlink(host.settings_file), '../real')
        self.assertIn('STATE=existing', host.read(host.root + '/etc/real'))
        self.assertIn('STATE=new', host.read(edits.copy_name(host.settings_file, WANTED)))

    def test_the_commands_that_are_shown_do_the_same(self):
        host = Host(self)
        before = host.read(host.settings_file)
        host.do(self.act())
        by_hand = Host(self)
        by_hand.write(by_hand.settings_file, before)
        for one in self.act().decide(by_hand.state()):
            subprocess.run(one.argv, check=True)
        for name in sorted(os.listdir(host.root + '/etc/default')):
            self.assertEqual(by_hand.read('%s/etc/default/%s' % (by_hand.root, name)), host.read('%s/etc/default/%s' % (host.root, name)))

    def test_is_refused_in_words_where_others_may_write(self):
        host = Host(self)
        os.chmod(host.root + '/etc/default', 0o777)
        with self.assertRaises(Refused) as caught:
            self.act().decide(host.state())
        json.dumps(caught.exception.message)


if __name__ == '__main__':
    unittest.main()
