"""Files and directories: no link is followed, nothing is written over, and whose rights are needed."""
import os
import unittest
from types import SimpleNamespace
from unittest import mock

from etcd_medic_host import trees
from etcd_medic_host.refused import Refused
from support import Host, identity, needs_root, unshared


class Links(unittest.TestCase):
    def setUp(self):
        self.host = Host(self, by='root')
        self.root = self.host.root + '/var'
        os.makedirs(self.root + '/a/b/c')
        self.host.write(self.root + '/a/b/c/file', 'text')

    def test_are_refused_in_every_component(self):
        calls = {
            'opened': lambda path: trees.opened(path), 'owner_of': lambda path: trees.owner_of(path, self.host.account), 'size_of': trees.size_of,
            'rename': lambda path: trees.rename(path + '/x', self.root + '/y'), 'rename to': lambda path: trees.rename(self.root + '/a/b/c/file', path + '/y'),
            'make_directory': lambda path: trees.make_directory(path + '/new'), 'new_file': lambda path: trees.new_file(path + '/new'),
            'read_file': lambda path: trees.read_file(path + '/file', 10), 'read_head': lambda path: trees.read_head(path + '/file', 10),
            'write_over': lambda path: trees.write_over(path + '/file', b'x'), 'copy_beside': lambda path: trees.copy_beside(path + '/file', path + '/copy'),
            'put_copy': lambda path: trees.put_copy(self.root + '/a/b/c/file', path + '/copy'), 'own_directory': lambda path: trees.own_directory(path, self.host.account),
            'remove': lambda path: trees.remove(path + '/file'),
        }
        for component in ('a', 'a/b', 'a/b/c'):
            path = '%s/%s' % (self.root, component)
            os.rename(path, path + '.real')
            os.symlink(os.path.basename(path) + '.real', path)
            for name, call in calls.items():
                with self.subTest(component=component, call=name):
                    self.assertRaises((OSError, Refused), call, self.root + '/a/b/c')
            self.assertIsNone(trees.entry_at(self.root + '/a/b/c/file'))
            os.unlink(path)
            os.rename(path + '.real', path)
        self.assertEqual(os.listdir(self.root + '/a/b/c'), ['file'])
        self.assertEqual(self.host.read(self.root + '/a/b/c/file'), 'text')

    def test_as_the_last_part_are_not_followed(self):
        link = self.root + '/link'
        os.symlink('a/b/c/file', link)
        self.assertEqual(trees.entry_at(link)['type'], 'link')
        self.assertRaises(OSError, trees.read_file, link, 10)
        self.assertRaises(OSError, trees.read_head, link, 10)
        self.assertRaises(OSError, trees.new_file, link)
        trees.remove(link)
        self.assertEqual(self.host.read(self.root + '/a/b/c/file'), 'text')

    def test_paths_that_are_not_plain_are_refused(self):
        for path in ('a/b', '/a/../b', '/a/./b', '/a\0b', '', '..'):
            self.assertRaises(OSError, trees.opened, path)

    def test_leave_no_descriptor_behind(self):
        before = len(os.listdir('/proc/self/fd'))
        for path in (self.root + '/none/x', self.root + '/a/b/c/file/x', '/a/..'):
            for call in (trees.opened, trees.entry_at, trees.size_of, trees.remove, trees.make_directory, trees.new_file, lambda path: trees.owner_of(path, self.host.account)):
                try:
                    call(path)
                except OSError:
                    pass
        self.assertEqual(len(os.listdir('/proc/self/fd')), before)


class Files(unittest.TestCase):
    def setUp(self):
        self.host = Host(self, by='root')
        self.root = self.host.root + '/var'
        self.path = self.root + '/file'

    def test_a_pipe_or_a_directory_is_read_by_nobody_and_nobody_waits(self):
        os.mkfifo(self.path)
        self.assertRaises(OSError, trees.read_file, self.path, 10)
        self.assertEqual(trees.read_head(self.path, 10), b'')
        self.assertRaises(OSError, trees.read_file, self.root, 10)
        self.assertEqual(trees.entry_at(self.path)['type'], 'other')

    def test_a_file_that_is_too_large_is_refused(self):
        self.host.write(self.path, 'x' * 11)
        self.assertRaises(Refused, trees.read_file, self.path, 10)
        self.assertEqual(trees.read_file(self.path, 11), b'x' * 11)
        self.assertEqual(trees.read_head(self.path, 4), b'xxxx')

    def test_a_new_one_is_new_and_nobody_elses_to_read(self):
        fd = trees.new_file(self.path)
        self.assertEqual(oct(os.fstat(fd).st_mode & 0o777), '0o600')
        os.close(fd)
        self.assertRaises(FileExistsError, trees.new_file, self.path)
        self.assertRaises(FileExistsError, trees.make_directory, self.path)

    def test_one_written_over_keeps_its_mode_and_is_whole_at_every_moment(self):
        self.host.write(self.path, 'old')
        os.chmod(self.path, 0o644)
        before = identity(self.path)
        trees.write_over(self.path, b'new' * 100000)
        self.assertEqual((self.host.read(self.path), oct(os.stat(self.path).st_mode & 0o777), sorted(os.listdir(self.root))),
                         ('new' * 100000, '0o644', ['etcd', 'file']))
        self.assertNotEqual(identity(self.path), before)

    def test_a_link_under_the_name_of_the_half_written_one_is_not_followed(self):
        self.host.write(self.path, 'old')
        self.host.write(self.root + '/secret', 'secret')
        os.symlink('secret', self.root + '/.file.etcd-medic.tmp')
        trees.write_over(self.path, b'new')
        self.assertEqual((self.host.read(self.path), self.host.read(self.root + '/secret')), ('new', 'secret'))

    def test_a_link_is_copied_as_a_link(self):
        os.symlink('/nowhere', self.path)
        trees.copy_beside(self.path, self.path + '.copy')
        self.assertEqual(os.readlink(self.path + '.copy'), '/nowhere')


class Rename(unittest.TestCase):
    def setUp(self):
        self.host = Host(self, by='root')
        self.root = self.host.root + '/var'

    def test_is_never_over_anything(self):
        for simple in (False, True):
            for make in (lambda path: os.mkdir(path), lambda path: self.host.write(path, 'kept'), lambda path: os.symlink('x', path)):
                os.mkdir(self.root + '/one')
                make(self.root + '/other')
                before = (identity(self.root + '/one'), identity(self.root + '/other'))
                with mock.patch.object(trees, '_libc', SimpleNamespace() if simple else None), self.assertRaises(FileExistsError):
                    trees.rename(self.root + '/one', self.root + '/other')
                self.assertEqual((identity(self.root + '/one'), identity(self.root + '/other')), before)
                for name in ('one', 'other'):
                    trees.remove('%s/%s' % (self.root, name))

    def test_moves_also_where_the_kernel_does_not_know_of_it(self):
        for simple in (False, True):
            os.mkdir(self.root + '/one')
            before = identity(self.root + '/one')
            with mock.patch.object(trees, '_libc', SimpleNamespace() if simple else None):
                trees.rename(self.root + '/one', self.root + '/other')
            self.assertEqual((identity(self.root + '/other'), os.path.lexists(self.root + '/one')), (before, False))
            os.rmdir(self.root + '/other')


class Remove(unittest.TestCase):
    def setUp(self):
        self.host = Host(self, by='root')
        self.root = self.host.root + '/var'

    def test_takes_a_whole_tree_and_follows_no_link_in_it(self):
        os.makedirs(self.root + '/tree/a/b')
        os.mkdir(self.root + '/kept')
        self.host.write(self.root + '/kept/file', 'kept')
        os.symlink('../kept', self.root + '/tree/link')
        os.symlink('../../kept/file', self.root + '/tree/a/link')
        os.mkfifo(self.root + '/tree/a/b/pipe')
        trees.remove(self.root + '/tree')
        self.assertEqual(sorted(os.listdir(self.root)), ['etcd', 'kept'])
        self.assertEqual(self.host.read(self.root + '/kept/file'), 'kept')

    def test_of_what_is_not_there_does_nothing(self):
        trees.remove(self.root + '/none')

    def test_refuses_a_tree_that_is_deeper_than_etcds_can_be_and_says_so(self):
        path = self.root + '/deep'
        os.makedirs(path + '/d' * 70)
        with self.assertRaises(Refused) as caught:
            trees.remove(path)
        self.assertIn('deeper', caught.exception.message)

    @needs_root
    @unshared
    def test_enters_no_other_file_system(self):
        os.makedirs(self.root + '/tree/mnt')
        self.assertEqual(os.system('mount -t tmpfs none %s/tree/mnt' % self.root), 0)
        self.host.write(self.root + '/tree/mnt/file', 'kept')
        self.assertRaises(Refused, trees.remove, self.root + '/tree')
        self.assertEqual(self.host.read(self.root + '/tree/mnt/file'), 'kept')
        trees.size_of(self.root + '/tree')
        os.system('umount %s/tree/mnt' % self.root)


class Sizes(unittest.TestCase):
    def test_count_blocks_and_follow_no_link(self):
        host = Host(self, by='root')
        root = host.root + '/var'
        os.makedirs(root + '/tree/a')
        host.write(root + '/tree/a/file', 'x' * 1000000)
        host.write(root + '/big', 'x' * 5000000)
        os.symlink('../big', root + '/tree/link')
        self.assertTrue(1000000 <= trees.size_of(root + '/tree') < 1200000)
        entry = trees.entry_at(root + '/tree/a/file')
        self.assertEqual((entry['type'], entry['bytes'], entry['empty']), ('file', 1000000, False))
        self.assertEqual(trees.entry_at(root + '/tree')['empty'], False)
        self.assertIsNone(trees.entry_at(root + '/none'))
        self.assertIsNone(trees.entry_at(root + '/none/none'))

    def test_of_a_very_deep_tree_come_to_an_end(self):
        host = Host(self, by='root')
        os.makedirs(host.root + '/var/deep' + '/d' * 90)
        trees.size_of(host.root + '/var/deep')


class Owner(unittest.TestCase):
    ETCD, OTHER = SimpleNamespace(uid=7, gid=8, is_root=False), 99

    def rights(self, uid, gid, mode, before='root', last=True, account=ETCD):
        try:
            return trees._rights(SimpleNamespace(st_uid=uid, st_gid=gid, st_mode=0o40000 | mode), account, before, '/x', last)
        except trees.Unsafe:
            return 'unsafe'

    def test_table(self):
        for arguments, expected in [
            ((0, 0, 0o755), 'root'), ((7, 8, 0o700), 'etcd'), ((0, 8, 0o775), 'etcd'), ((0, 8, 0o755), 'root'), ((0, 0, 0o775), 'root'), ((7, 0, 0o775), 'etcd'),
            ((99, 0, 0o755), 'unsafe'), ((0, 99, 0o775), 'unsafe'), ((7, 99, 0o770), 'unsafe'), ((0, 99, 0o755), 'root'), ((0, 0, 0o777), 'unsafe'), ((0, 0, 0o1777), 'unsafe'),
            ((0, 0, 0o1777, 'root', False), 'root'), ((0, 0, 0o777, 'root', False), 'unsafe'), ((99, 0, 0o1777, 'root', False), 'unsafe'), ((0, 0, 0o755, 'etcd'), 'etcd'),
            ((0, 99, 0o1775, 'root', False), 'unsafe'),
        ]:
            self.assertEqual(self.rights(*arguments), expected, arguments)
        root = SimpleNamespace(uid=0, gid=0, is_root=True)
        for arguments, expected in [((0, 0, 0o755), 'root'), ((0, 0, 0o775), 'root'), ((7, 0, 0o755), 'unsafe'), ((0, 8, 0o775), 'unsafe')]:
            self.assertEqual(self.rights(*arguments, account=root), expected, arguments)

    @needs_root
    def test_counts_every_directory_above(self):
        host = Host(self)
        self.assertEqual(trees.owner_of(host.parent, host.account), 'etcd')
        os.mkdir(host.parent + '/roots')
        self.assertEqual(trees.owner_of(host.parent + '/roots', host.account), 'etcd')
        self.assertEqual(trees.owner_of(host.root + '/var', host.account), 'root')
        os.chown(host.root + '/var', 12345, 0)
        self.assertRaises(trees.Unsafe, trees.owner_of, host.parent, host.account)


class Directories(unittest.TestCase):
    def test_one_with_something_in_it_is_given_to_nobody(self):
        host = Host(self, by='root')
        os.makedirs(host.root + '/var/full/x')
        self.assertRaises(Refused, trees.own_directory, host.root + '/var/full', host.account)


if __name__ == '__main__':
    unittest.main()
