"""host.json: refused unless it is root's alone and to the letter."""
import copy
import json
import os
import unittest
import unittest.mock

from etcd_medic_host import description
from etcd_medic_host.refused import Refused
from support import IS_ROOT, Host, needs_root

ENTRY = {'runtime': 'systemd', 'unit': 'etcd.service', 'user': 'root', 'group': 'root', 'data_dir': '/data/etcd', 'wal_dir': None,
         'settings': {'style': 'flags', 'file': '/etc/systemd/system/etcd.service'}, 'tools': {'etcd': '/usr/bin/etcd', 'etcdctl': None, 'etcdutl': None}, 'allow': ['look']}
WHOLE = {'version': 1, 'sudo': True, 'etcds': {'etcd': ENTRY}}
BAD = [('runtime', 'docker'), ('runtime', None), ('unit', 'etcd'), ('unit', '../x.service'), ('unit', 'etcd.service\n'), ('unit', '-x.service'), ('unit', 7), ('user', 'Root'), ('user', ''),
       ('user', 'a\n'), ('user', '0'), ('group', None), ('group', 'a b'), ('data_dir', '/data'), ('data_dir', 'data/etcd'), ('data_dir', '/data/../etc'), ('data_dir', '/data/etcd/'),
       ('data_dir', '/data/etcd\n'), ('data_dir', '/data//etcd'), ('data_dir', '/data/e tcd'), ('data_dir', "/data/e'tcd"), ('data_dir', '/data/' + 'x' * 1024), ('data_dir', None),
       ('data_dir', ['/data/etcd']), ('wal_dir', ''), ('wal_dir', 'wal'), ('wal_dir', '/wal\n'), ('wal_dir', 7), ('settings', None), ('settings', {}), ('settings', {'style': 'x', 'file': '/etc/x'}),
       ('settings', {'style': 'flags', 'file': None}), ('settings', {'style': ['flags'], 'file': '/etc/x'}), ('settings', {'style': 'flags', 'file': '/etc/x', 'y': 1}), ('tools', []),
       ('tools', {'etcd': None}), ('tools', {'etcd': 'etcd', 'etcdctl': None, 'etcdutl': None}), ('tools', {'etcd': '/x', 'etcdctl': None, 'etcdutl': None}), ('allow', 'look'),
       ('allow', ['everything']), ('allow', [None]), ('allow', [['look']]), ('allow', None), ('more', 1)]


class Refusing(unittest.TestCase):
    def refused(self, call, *arguments):
        with self.assertRaises(Refused) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code, 'HOST_DESCRIPTION_INVALID')


class Check(Refusing):
    def test_takes_an_entry_to_the_letter(self):
        for key, value in [(None, None), ('wal_dir', '/wals/wal'), ('unit', 'etcd@main-1.service'), ('allow', []), ('allow', list(description.GROUPS)), ('data_dir', '/a/b.c-d_e@f:g+h=i,j')]:
            description.check('etcd', dict(ENTRY, **({key: value} if key else {})))

    def test_refuses_every_other(self):
        for key, value in BAD:
            with self.subTest(key=key, value=value):
                self.refused(description.check, 'etcd', dict(ENTRY, **{key: value}))
        for key in ENTRY:
            self.refused(description.check, 'etcd', {name: value for name, value in ENTRY.items() if name != key})
        for name in ('', '../x', 'a/b', '.x', 'x' * 62, 'a\n', 'a b'):
            self.refused(description.check, name, ENTRY)
        for entry in (None, [], 'x', 7):
            self.refused(description.check, 'etcd', entry)


class Read(Refusing):
    def setUp(self):
        self.host = Host(self, by='root')
        # The temporary directory of a machine is everybody's: the path is looked at from there on.
        self.path = self.host.root + '/etc/host.json'
        parent = os.path.dirname(self.host.root)
        patch = unittest.mock.patch.object(os, 'lstat', lambda path, real=os.lstat: real('/' if path == parent else path))
        patch.start()
        self.addCleanup(patch.stop)

    def put(self, whole):
        with open(self.path, 'wb') as file:
            file.write(whole if isinstance(whole, bytes) else json.dumps(whole).encode('utf-8'))

    @needs_root
    def test_gives_the_entries_by_name(self):
        self.put(WHOLE)
        found = description.read(self.path)
        self.assertEqual((sorted(found), found['etcd'].data_dir, found['etcd'].account.uid, found['etcd'].allow), (['etcd'], '/data/etcd', 0, ('look',)))
        found['etcd'].demand('look')
        found['etcd'].demand('restore', 'look')
        with self.assertRaises(Refused) as caught:
            found['etcd'].demand('restore', 'v2')
        self.assertEqual(caught.exception.code, 'HOST_NOT_ALLOWED')

    @needs_root
    def test_refuses_what_is_not_of_its_version_or_form(self):
        for whole in (b'', b'{', b'\xff', b'null', b'[]', b'[' * 100000, b' ' * 300000, {}, dict(WHOLE, version=2), dict(WHOLE, version=True), dict(WHOLE, version='1'), dict(WHOLE, more=1),
                      dict(WHOLE, etcds=[]), dict(WHOLE, etcds={'a/b': ENTRY}), dict(WHOLE, etcds={'etcd': dict(ENTRY, user='nobody-here')}), {'version': 1, 'etcds': {}}):
            with self.subTest(whole=str(whole)[:60]):
                self.put(whole)
                self.refused(description.read, self.path)

    @needs_root
    def test_refuses_what_others_could_have_written(self):
        self.put(WHOLE)
        for path in (self.path, os.path.dirname(self.path), self.host.root):
            mode = os.stat(path).st_mode
            for change in (lambda: os.chmod(path, mode | 0o002), lambda: os.chmod(path, mode | 0o020), lambda: os.chown(path, self.host.account.uid, 0)):
                change()
                self.refused(description.read, self.path)
                os.chmod(path, mode)
                os.chown(path, 0, 0)
                description.read(self.path)

    @needs_root
    def test_refuses_a_link_a_pipe_and_nothing(self):
        self.refused(description.read, self.path)
        self.put(WHOLE)
        os.rename(self.path, self.path + '.real')
        os.symlink('host.json.real', self.path)
        self.refused(description.read, self.path)
        os.unlink(self.path)
        os.mkfifo(self.path)
        self.refused(description.read, self.path)

    def test_refuses_one_of_the_user_who_runs_this(self):
        self.put(copy.deepcopy(WHOLE))
        if IS_ROOT:
            os.chown(self.path, 12345, 0)
        self.refused(description.read, self.path)


if __name__ == '__main__':
    unittest.main()
