"""Which processes are an etcd of this host: by what they have open and who they are, never by a name alone."""
import os
import shutil
import subprocess
import time
import unittest
from types import SimpleNamespace

from etcd_medic_host import processes
from support import IS_ROOT, Host, needs_root

SLEEP = shutil.which('sleep')


class Of(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.host.directory(self.host.data)
        os.chmod(self.host.root + '/lib', 0o755)

    def run_as(self, name, opens, by='etcd'):
        """A program of that name that sleeps, with a file open; and its pid."""
        path = '%s/lib/%s' % (self.host.root, name)
        if not os.path.exists(path):
            shutil.copy(SLEEP, path)
            os.chmod(path, 0o755)
        source = open(opens, 'a')

        def become():
            if IS_ROOT and by == 'etcd':
                os.setgroups([])
                os.setresgid(*[self.host.account.gid] * 3)
                os.setresuid(*[self.host.account.uid] * 3)
        one = subprocess.Popen([path, '60'], stdin=source, preexec_fn=become)
        source.close()
        self.addCleanup(one.wait)
        self.addCleanup(one.kill)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with open('/proc/%d/comm' % one.pid) as file:
                if file.read().strip() == name[:15]:
                    return one.pid
            time.sleep(0.005)
        raise AssertionError('%s does not begin' % name)

    def of(self, *others):
        return processes.of(self.host.etcd, list(others))

    def test_has_the_data_open_under_whatever_name(self):
        pid = self.run_as('renamed', opens=self.host.data + '/file')
        self.assertIn(pid, self.of()[0])

    def test_one_called_etcd_elsewhere_is_foreign_unless_it_is_another_entrys(self):
        os.mkdir(self.host.root + '/var/other')
        pid = self.run_as('etcd', opens=self.host.root + '/var/other/file')
        mine, _, foreign = self.of()
        self.assertEqual((pid in mine, pid in foreign), (False, True))
        self.assertNotIn(pid, self.of(SimpleNamespace(unit='x.service', data_dir=self.host.root + '/var/other'))[2])

    def test_a_directory_whose_name_begins_alike_is_another(self):
        self.host.directory(self.host.data + '.old')
        pid = self.run_as('renamed', opens=self.host.data + '.old/file')
        self.assertNotIn(pid, self.of()[0])

    def test_a_tool_at_work_is_told_by_the_data_it_is_about(self):
        path = '%s/lib/etcdutl' % self.host.root
        shutil.copy('/bin/sh', path)
        one = subprocess.Popen([path, '-c', 'sleep 60; true', '--data-dir=%s.x' % self.host.data_dir], start_new_session=True,
                               preexec_fn=(lambda: os.setuid(self.host.account.uid)) if IS_ROOT else None)
        self.addCleanup(one.wait)
        self.addCleanup(os.killpg, one.pid, 9)
        deadline = time.monotonic() + 10
        while one.pid not in self.of()[1] and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertIn(one.pid, self.of()[1])

    @needs_root
    def test_also_one_of_roots_with_the_data_open_is_found_when_it_is_called_etcd(self):
        self.assertIn(self.run_as('etcd', opens=self.host.data + '/file', by='root'), self.of()[0])

    def test_one_that_has_ended_is_none(self):
        one = subprocess.Popen(['true'])
        time.sleep(0.2)
        self.assertTrue(processes.Process(one.pid).is_zombie())
        one.wait()
        self.assertRaises(OSError, processes.Process, one.pid)


if __name__ == '__main__':
    unittest.main()
