"""Which worker may act: epochs on record, one lock for each etcd, in real processes."""
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

from etcd_medic_host import fence
from etcd_medic_host.fence import Fence
from etcd_medic_host.refused import Refused

from support import OTHER_RUN, RUN

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'deploy', 'host')
WORKER = f'''
import sys, time, subprocess
sys.path.insert(0, {PROGRAM!r})
from etcd_medic_host.fence import Fence
one = Fence('etcd', sys.argv[2], int(sys.argv[3]), root=sys.argv[1])
one.begin()
with one.held('an act of %s' % sys.argv[3]) as lock:
    if sys.argv[4] == 'tool':
        subprocess.Popen(['sleep', sys.argv[5]], pass_fds=(lock.descriptor,))
    print('held', flush=True)
    time.sleep(60 if sys.argv[4] == 'tool' else float(sys.argv[5]))
'''


class Fenced(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = directory.name
        self.record = '%s/etcd/runs/%s/epoch' % (self.root, RUN)

    def fence(self, epoch, run=RUN, name='etcd'):
        return Fence(name, run, epoch, root=self.root)

    def begun(self, epoch, run=RUN):
        one = self.fence(epoch, run)
        one.begin()
        return one

    def act(self, one):
        with one.held('an act'):
            return True

    def refused(self, code, call, *arguments):
        with self.assertRaises(Refused) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code, code, caught.exception.message)
        return caught.exception


class Epochs(Fenced):
    def test_are_kept_where_nobody_else_can_look(self):
        self.assertTrue(self.act(self.begun(300)))
        with open(self.record) as file:
            self.assertEqual(file.read(), '300\n')
        self.assertEqual(oct(os.stat(os.path.dirname(self.record)).st_mode & 0o077), '0o0')

    def test_an_older_one_is_refused_and_told_which_is_newer(self):
        old = self.begun(300)
        self.begun(400)
        for call in (self.fence(300).begin, lambda: self.act(old)):
            self.assertIn('stands at epoch 400 here, this worker holds 300', self.refused('HOST_FENCED', call).message)
        self.act(self.begun(400))

    def test_of_another_run_are_nothing_to_it(self):
        self.begun(400, OTHER_RUN)
        self.act(self.begun(300))

    def test_that_are_no_longer_on_record_end_the_worker(self):
        one = self.begun(300)
        os.unlink(self.record)
        self.refused('HOST_EPOCH_FAILED', self.act, one)

    def test_garbage_on_record_lets_nobody_act(self):
        for garbage in (b'', b'seven', b'-1', b'7 8', b'\xff\xfe', '²'.encode(), b'1' * 80, b'1.0', b'\0'):
            with self.subTest(garbage=garbage):
                one = self.begun(300) if not os.path.exists(self.record) else self.fence(300)
                with open(self.record, 'wb') as file:
                    file.write(garbage)
                self.refused('HOST_EPOCH_FAILED', one.begin)
                self.refused('HOST_EPOCH_FAILED', self.act, one)

    def test_something_else_in_the_place_of_the_record_lets_nobody_act(self):
        with open(self.root + '/etcd', 'w') as file:
            file.write('')
        self.refused('HOST_EPOCH_FAILED', self.begun, 300)
        os.unlink(self.root + '/etcd')
        one = self.begun(300)
        os.unlink(self.record)
        os.mkdir(self.record)
        self.refused('HOST_EPOCH_FAILED', one.begin)
        self.refused('HOST_EPOCH_FAILED', self.act, one)

    def test_a_link_in_the_place_of_the_lock_lets_nobody_act(self):
        one = self.begun(300)
        os.symlink(self.root + '/elsewhere', self.root + '/etcd/lock')
        self.refused('HOST_EPOCH_FAILED', self.act, one)
        self.assertFalse(os.path.lexists(self.root + '/elsewhere'))

    def test_go_after_30_days_when_a_new_run_comes_and_younger_ones_stay(self):
        for run, days in [('restore-prod-000001', 31), ('restore-prod-000002', 29), ('restore-prod-000003', 31)]:
            self.begun(1, run)
            path = '%s/etcd/runs/%s' % (self.root, run)
            if run.endswith('3'):
                os.mkdir(path + '/somebodys')
            os.utime(path, (0, time.time() - days * 86400))
        self.begun(300)
        self.assertEqual(sorted(os.listdir(self.root + '/etcd/runs')), sorted([RUN, 'restore-prod-000002', 'restore-prod-000003']))

    def test_are_not_kept_without_end(self):
        with mock.patch('etcd_medic_host.fence.RUNS_MAX', 2):
            self.begun(1, 'restore-prod-000001')
            self.begun(1, 'restore-prod-000002')
            self.assertIn('2 runs of the last 30 days', self.refused('HOST_EPOCH_FAILED', self.begun, 1, 'restore-prod-000003').message)
            self.begun(2, 'restore-prod-000001')
            os.utime(self.root + '/etcd/runs/restore-prod-000002', (0, time.time() - 31 * 86400))
            self.begun(1, 'restore-prod-000003')

    def test_a_run_has_a_name_of_one_form(self):
        for run in ('restore-prod-7f3a9c', 'abc-000000'):
            self.assertTrue(fence.RUN.match(run))
        for run in ('', '../x-000000', 'abc-00000', 'abc-00000g', 'Abc-000000', 'abc-000000/', 'abc-000000\n', 'x' * 200 + '-000000', 'a.b-000000', ' abc-000000'):
            self.assertFalse(fence.RUN.match(run), run)


class Locks(Fenced):
    """Two workers at a time."""

    def worker(self, epoch, what, seconds, run=RUN):
        one = subprocess.Popen([sys.executable, '-I', '-c', WORKER, self.root, run, str(epoch), what, str(seconds)], stdout=subprocess.PIPE)

        def end():
            one.kill()
            one.wait()
            one.stdout.close()
        self.addCleanup(end)
        self.assertEqual(one.stdout.readline(), b'held\n')
        return one

    def test_a_newer_worker_waits_for_what_is_under_way(self):
        begun = time.monotonic()
        self.worker(300, 'act', 0.5)
        self.act(self.begun(400))
        self.assertGreater(time.monotonic() - begun, 0.5)

    def test_also_one_of_another_run_waits(self):
        begun = time.monotonic()
        self.worker(300, 'act', 0.5)
        self.act(self.begun(300, OTHER_RUN))
        self.assertGreater(time.monotonic() - begun, 0.5)

    def test_a_tool_keeps_the_lock_of_a_program_that_was_killed(self):
        one = self.worker(300, 'tool', 0.7)
        begun = time.monotonic()
        one.send_signal(signal.SIGKILL)
        one.wait()
        self.act(self.begun(400))
        self.assertGreater(time.monotonic() - begun, 0.4)

    def test_who_waits_too_long_is_told_what_still_runs(self):
        self.worker(300, 'act', 30)
        with mock.patch.object(fence, 'EARLIER_SECONDS', 0.2):
            self.assertIn('an act of 300', self.refused('HOST_COMMAND_TIMEOUT', self.act, self.begun(400)).message)

    def test_who_waited_is_refused_when_a_newer_one_came_meanwhile(self):
        self.worker(300, 'act', 0.7)
        waiting, errors = self.begun(400), []

        def wait():
            try:
                self.act(waiting)
            except Refused as error:
                errors.append(error.code)
        thread = threading.Thread(target=wait)
        thread.start()
        self.begun(500)
        thread.join()
        self.assertEqual(errors, ['HOST_FENCED'])

    def test_many_at_once_are_let_in_one_at_a_time_and_the_newest_stays(self):
        ends = []

        def work(epoch):
            try:
                with self.begun(epoch).held('x'):
                    ends.append(('in', epoch))
                    time.sleep(0.01)
                    ends.append(('out', epoch))
            except Refused as error:
                ends.append((error.code, epoch))
        threads = [threading.Thread(target=work, args=(epoch,)) for epoch in (5, 3, 8, 1, 9, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        inside = [one for one in ends if one[0] in ('in', 'out')]
        self.assertEqual([one[1] for one in inside[::2]], [one[1] for one in inside[1::2]])
        self.assertIn(('in', 9), ends)

    def test_leave_no_descriptor(self):
        self.act(self.begun(300))
        before = len(os.listdir('/proc/self/fd'))
        for _ in range(5):
            self.act(self.begun(300))
            self.refused('HOST_FENCED', self.fence(200).begin)
        self.assertEqual(len(os.listdir('/proc/self/fd')), before)


if __name__ == '__main__':
    unittest.main()
