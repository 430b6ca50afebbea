"""What is done as etcd's user: privileges are gone for good, errors come back, nothing is left behind."""
import io
import os
import sys
import unittest
from unittest import mock

from etcd_medic_host import users
from etcd_medic_host.refused import Refused
from etcd_medic_host.users import Child, as_user

from support import account, needs_root


def silent():
    """What a child says on stderr is not for this test."""
    return mock.patch.object(sys, 'stderr', io.StringIO())


class AsUser(unittest.TestCase):
    def setUp(self):
        self.account = account()

    @needs_root
    def test_drops_users_groups_and_capabilities_for_good(self):
        def facts():
            try:
                os.setresuid(0, 0, 0)
                return 'root again'
            except PermissionError:
                with open('/proc/self/status') as file:
                    capabilities = [line.split()[1] for line in file if line.startswith(('CapEff', 'CapPrm', 'CapAmb'))]
                return [os.getresuid(), os.getresgid(), os.getgroups(), capabilities]
        uid, gid = self.account.uid, self.account.gid
        self.assertEqual(as_user(self.account, facts), [[uid] * 3, [gid] * 3, [gid], ['0' * 16] * 3])
        self.assertEqual(os.geteuid(), 0)

    @needs_root
    def test_root_itself_needs_no_child(self):
        self.assertEqual(as_user(users.Account('root', 'root'), os.getpid), os.getpid())

    def test_gives_what_the_work_gives(self):
        for value in (None, [1, 'ä'], {'a': None}, 'x' * 1000000, '\udcff'):
            self.assertEqual(as_user(self.account, lambda value=value: value), value)
        self.assertNotEqual(as_user(self.account, os.getpid), os.getpid())

    def test_errors_come_back_as_they_are(self):
        with self.assertRaises(FileNotFoundError) as caught:
            as_user(self.account, lambda: os.open('/none/x', os.O_RDONLY))
        self.assertEqual(caught.exception.filename, '/none/x')

        def refuse():
            raise Refused('HOST_DISK_FULL', 'full', 'hint')
        with self.assertRaises(Refused) as refused:
            as_user(self.account, refuse)
        self.assertEqual((refused.exception.code, refused.exception.message, refused.exception.hint), ('HOST_DISK_FULL', 'full', 'hint'))

        def without_number():
            raise OSError('no number')
        self.assertRaises(OSError, as_user, self.account, without_number)

    def test_a_child_that_ends_without_an_answer_is_an_error(self):
        def kill():
            os.kill(os.getpid(), 9)

        def fail():
            raise KeyError('x')
        with silent():
            for work in (kill, fail, lambda: object(), lambda: 'x' * (users.ANSWER_MAX_BYTES + 100000)):
                self.assertRaises(Refused, as_user, self.account, work)

    def test_half_an_answer_is_an_error(self):
        made, real = [], os.pipe

        def pipe():
            made.append(real())
            return made[-1]

        def half():
            os.write(made[-1][1], b'{"gives": ')
            os._exit(0)
        with mock.patch('os.pipe', pipe):
            self.assertRaises(Refused, as_user, self.account, half)

    def test_leaves_no_child_and_no_descriptor(self):
        before = len(os.listdir('/proc/self/fd'))
        for _ in range(20):
            as_user(self.account, lambda: 1)
        self.assertEqual(len(os.listdir('/proc/self/fd')), before)
        self.assertRaises(ChildProcessError, os.waitpid, -1, os.WNOHANG)

    def test_begins_at_once(self):
        reading, writing = os.pipe()
        child = Child(self.account, lambda: os.write(writing, b'x'))
        self.assertEqual(os.read(reading, 1), b'x')
        self.assertEqual(child.finish(), 1)
        os.close(reading)
        os.close(writing)


class Account(unittest.TestCase):
    def test_that_is_not_there_is_refused(self):
        for user, group in [('nobody-here', ''), ('root', 'nobody-here')]:
            with self.assertRaises(Refused) as caught:
                users.Account(user, group)
            self.assertIn('no user', caught.exception.message)

    def test_takes_the_group_of_the_user_unless_one_is_given(self):
        self.assertEqual((users.Account('root', '').group, users.Account('root', '').gid), ('root', 0))


if __name__ == '__main__':
    unittest.main()
