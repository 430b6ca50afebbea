"""A file that arrives: whole and hashed, or not at all; packed or not; and one that is handed out."""
import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
import unittest
from types import SimpleNamespace

from etcd_medic_host.refused import Refused
from support import RUN, Host, Program, needs_root

DATA = random.Random(7).getrandbits(8 * 300000).to_bytes(300000, 'big')
HAS_ZSTD = unittest.skipUnless(shutil.which('zstd'), 'zstd is not installed (Debian package zstd)')


def packed(data):
    return subprocess.run(['zstd', '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout


class Receiving(unittest.TestCase):
    by = 'etcd'

    def setUp(self):
        self.host = Host(self, by=self.by)
        self.path = '%s.%s.snapshot' % (self.host.data, RUN)
        self.program = None

    def receive(self, data, announced=None, sha256=None, encoding='none', size=65536, end=b'0\n', program=None):
        """All that is answered, the `ready` first."""
        program = self.program = program or Program(self, self.host)
        announced = len(data) if announced is None else announced
        act = {'act': 'receive', 'bytes': announced, 'sha256': sha256 or hashlib.sha256(data).hexdigest(), 'encoding': encoding}
        program.send('do', {'act': act}, run=RUN, epoch=1)
        first = program.line()
        if first.get('ready') is not True:
            return [first] + ([] if 'error' in first else program.answers())
        wire = packed(data) if encoding == 'zstd' else data
        try:
            for at in range(0, len(wire), size):
                piece = wire[at:at + size]
                program.write(b'%d\n' % len(piece) + piece)
            program.write(end)
        except BrokenPipeError:
            pass
        return [first] + program.answers()

    def there(self):
        return sorted(os.listdir(self.host.parent))


class Plain(Receiving):
    def test_arrives_whole_and_for_etcds_eyes_alone(self):
        lines = self.receive(DATA)
        self.assertEqual([list(line)[1] for line in lines], ['ready', 'begins', 'ended', 'begins', 'ended', 'begins', 'ended', 'done'])
        with open(self.path, 'rb') as file:
            self.assertEqual(file.read(), DATA)
        facts = os.stat(self.path)
        self.assertEqual((oct(facts.st_mode & 0o777), facts.st_uid), ('0o600', self.host.account.uid if self.by == 'etcd' else os.geteuid()))
        self.assertEqual(self.program.ask('sha256', {'run_file': RUN})['done'], {'sha256': hashlib.sha256(DATA).hexdigest()})
        entry = lines[-1]['done']['look']['place']['runs'][RUN]['snapshot']
        self.assertEqual((entry['type'], entry['bytes']), ('file', len(DATA)))

    def test_is_not_taken_twice_and_another_one_replaces_it(self):
        self.receive(DATA)
        program = self.program
        again = self.receive(DATA, program=program)
        self.assertEqual([again[0]['ready'], 'done' in again[-1]], [False, True])
        self.assertIn('done', self.receive(DATA[:1000], program=program)[-1])
        self.assertEqual(os.path.getsize(self.path), 1000)

    def test_that_is_cut_leaves_nothing(self):
        for end in (b'', b'100\nabc', b'x\n'):
            program = Program(self, self.host)
            program.send('do', {'act': {'act': 'receive', 'bytes': len(DATA), 'sha256': hashlib.sha256(DATA).hexdigest()}}, run=RUN, epoch=1)
            program.line()
            program.write(b'10\n' + DATA[:10] + end)
            program.hang_up()
            program.answers()
            self.assertEqual((program.end(), self.there()), (0, []))
            self.assertEqual([(line['exit'], line['because']) for line in program.logged() if 'ended' in line][-1], (1, 'the channel ended'))

    def test_that_is_too_short_too_long_or_another_is_refused(self):
        for arguments, words in [({'announced': len(DATA) + 1, 'sha256': '0' * 64}, 'arrived with sha256'), ({'announced': 10}, 'announced'), ({'sha256': '1' * 64}, 'arrived with sha256')]:
            answer = self.receive(DATA, **arguments)[-1]
            self.assertIn(words, answer.get('error', {}).get('message', ''), arguments)
            self.program.end()
            self.assertEqual(self.there(), [])

    def test_removes_what_a_killed_program_left(self):
        program = Program(self, self.host)
        program.send('do', {'act': {'act': 'receive', 'bytes': len(DATA), 'sha256': hashlib.sha256(DATA).hexdigest()}}, run=RUN, epoch=1)
        program.line()
        program.write(b'10\n' + DATA[:10])
        while self.there() != [os.path.basename(self.path) + '.part']:
            time.sleep(0.01)
        os.kill(program.pid, signal.SIGKILL)
        program.end()
        self.assertIn('done', self.receive(DATA)[-1])
        self.assertEqual(self.there(), [os.path.basename(self.path)])

    def test_follows_no_link_that_was_put_there_meanwhile(self):
        self.host.write(self.host.root + '/secret', 'secret')
        os.symlink(self.host.root + '/secret', self.path + '.part')
        os.symlink(self.host.root + '/secret', self.path)
        lines = self.receive(DATA)
        self.assertEqual(self.host.read(self.host.root + '/secret'), 'secret')
        self.assertIn(list(lines[-1])[1], ('done', 'error'))

    def test_is_refused_when_there_is_no_room(self):
        answer = self.receive(DATA, announced=10 ** 18)[-1]
        self.assertEqual((answer['error']['code'], self.there()), ('HOST_DISK_FULL', []))

    def test_a_disk_that_fills_up_is_told_as_such(self):
        def full(_blocks, _file, _act):
            os.close(_file)
            raise OSError(28, 'No space left on device')
        program = Program(self, self.host, receive___write=full)
        answer = self.receive(DATA, program=program)[-1]
        self.assertEqual((answer['error']['code'], self.there()), ('HOST_DISK_FULL', []))

    def test_of_an_older_worker_is_refused_at_its_end(self):
        program = Program(self, self.host)
        program.send('do', {'act': {'act': 'receive', 'bytes': 10, 'sha256': hashlib.sha256(DATA[:10]).hexdigest()}}, run=RUN, epoch=1)
        program.line()
        Program(self, self.host).do({'act': 'stop'}, epoch=2)
        program.write(b'10\n' + DATA[:10] + b'0\n')
        self.assertEqual((program.answers()[-1]['error']['code'], os.path.exists(self.path)), ('HOST_FENCED', False))

    def test_holds_up_nobody_while_it_arrives(self):
        program = Program(self, self.host)
        program.send('do', {'act': {'act': 'receive', 'bytes': 10, 'sha256': '0' * 64}}, run=RUN, epoch=1)
        program.line()
        begun = time.monotonic()
        Program(self, self.host).do({'act': 'stop'}, epoch=1)
        self.assertLess(time.monotonic() - begun, 10)


@needs_root
class PlainInRootsDirectory(Plain):
    by = 'root'


class Packed(Receiving):
    @HAS_ZSTD
    def test_arrives_whole(self):
        for data in (DATA, b'\0' * 5000000, b'x'):
            self.assertIn('done', self.receive(data, encoding='zstd')[-1])
            with open(self.path, 'rb') as file:
                self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(data).digest())

    @HAS_ZSTD
    def test_that_unpacks_to_more_than_was_announced_is_stopped(self):
        begun = time.monotonic()
        answer = self.receive(b'\0' * 100000000, announced=1000, encoding='zstd')[-1]
        self.program.end()
        self.assertIn('announced', answer['error']['message'])
        self.assertEqual(self.there(), [])
        self.assertLess(time.monotonic() - begun, 30)

    @HAS_ZSTD
    def test_that_is_none_or_is_cut_is_refused(self):
        for data in (b'no zstd', packed(DATA)[:-10], b'', packed(DATA) + b'garbage'):
            program = Program(self, self.host)
            program.send('do', {'act': {'act': 'receive', 'bytes': len(DATA), 'sha256': hashlib.sha256(DATA).hexdigest(), 'encoding': 'zstd'}}, run=RUN, epoch=1)
            program.line()
            program.write((b'%d\n' % len(data) + data if data else b'') + b'0\n')
            self.assertEqual(program.answers()[-1]['error']['code'], 'HOST_COMMAND_FAILED')
            self.assertEqual((program.end(), self.there()), (0, []))

    @HAS_ZSTD
    def test_that_is_cut_with_the_channel_leaves_nothing_and_nobody(self):
        program = Program(self, self.host)
        program.send('do', {'act': {'act': 'receive', 'bytes': len(DATA), 'sha256': '0' * 64, 'encoding': 'zstd'}}, run=RUN, epoch=1)
        program.line()
        program.write(b'10\n' + packed(DATA)[:10])
        program.hang_up()
        self.assertEqual((program.end(), self.there()), (0, []))

    def test_needs_a_zstd(self):
        def missing(*_, **__):
            raise FileNotFoundError(2, 'No such file or directory', 'zstd')
        program = Program(self, self.host, receive__subprocess=SimpleNamespace(Popen=missing, PIPE=-1, DEVNULL=-3))
        program.send('do', {'act': {'act': 'receive', 'bytes': 10, 'sha256': '0' * 64, 'encoding': 'zstd'}}, run=RUN, epoch=1)
        program.line()
        self.assertEqual(program.answers()[-1]['error']['code'], 'HOST_TOOL_MISSING')


class Fetched(Receiving):
    def fetch(self, program, arguments):
        program.send('fetch', arguments)
        head = program.line()
        if 'stream' not in head:
            return head, b''
        data = b''
        while True:
            size = int(program.lines.readline())
            if size == 0:
                return program.line(), data
            data += program.lines.read(size)

    def put(self, data):
        os.makedirs(self.host.data + '/member/snap', 0o700)
        with open(self.host.data + '/member/snap/db', 'wb') as file:
            file.write(data)
        self.host.give(self.host.data, self.host.data + '/member', self.host.data + '/member/snap', self.host.data + '/member/snap/db')

    def test_comes_whole_from_a_member_that_is_down(self):
        self.host.fenced()
        for data in (DATA * 9, b'', b'x'):
            self.put(data)
            program = Program(self, self.host)
            last, found = self.fetch(program, {'what': 'database'})
            self.assertEqual((found == data, last['done']), (True, {'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}))
            self.assertIn('done', program.ask('look'))
            shutil.rmtree(self.host.data)

    def test_of_a_member_that_runs_is_refused(self):
        self.put(DATA)
        last, found = self.fetch(Program(self, self.host), {'what': 'database'})
        self.assertEqual((last['error']['code'], found), ('HOST_COMMAND_FAILED', b''))

    def test_of_what_is_no_file_is_refused(self):
        self.host.fenced()
        os.makedirs(self.host.data + '/member/snap')
        self.host.give(self.host.data, self.host.data + '/member', self.host.data + '/member/snap')
        path = self.host.data + '/member/snap/db'
        program = Program(self, self.host)
        for make in (lambda: None, lambda: os.symlink('/etc/passwd', path), lambda: os.mkfifo(path), lambda: os.mkdir(path)):
            make()
            self.assertEqual(self.fetch(program, {'what': 'database'})[0]['error']['code'], 'HOST_COMMAND_FAILED')
            if os.path.lexists(path) and not os.path.isdir(path):
                os.unlink(path)

    def test_for_nobody_ends(self):
        self.host.fenced()
        self.put(DATA * 50)
        program = Program(self, self.host)
        program.send('fetch', {'what': 'database'})
        program.line()
        program.hang_up()
        self.assertEqual(program.end(), 0)


class InspectV2(unittest.TestCase):
    def test_reads_how_far_the_log_counts(self):
        from etcd_medic_host.fetch import _consistent_index
        self.assertEqual(_consistent_index(b'x' * 50 + b'consistent_index' + (11).to_bytes(8, 'big')), 11)
        self.assertEqual(_consistent_index(b'consistent_index' + b'\0' * 8 + b'consistent_index' + b'\xff' * 8), 2 ** 64 - 1)
        self.assertIsNone(_consistent_index(b'consistent_index' + b'\0' * 7))
        self.assertIsNone(_consistent_index(b''))

    def inspect(self, said, program='etcdctl', files=('wal/0.wal', 'snap/db', 'snap/0000000000000002-0000000000000009.snap')):
        from unittest import mock

        from etcd_medic_host import fetch, versions
        host = Host(self, by='root')
        directory = '%s.%s.new' % (host.data, RUN)
        for name in ('wal', 'snap'):
            os.makedirs('%s/member/%s' % (directory, name), 0o755)
        os.chmod(directory, 0o755)
        os.chmod(directory + '/member', 0o755)
        for name in files:
            with open('%s/member/%s' % (directory, name), 'wb') as file:
                file.write((b'consistent_index' + (11).to_bytes(8, 'big')).ljust(100, b'\0'))
            os.chmod('%s/member/%s' % (directory, name), 0o644)
        database = dict({'revision': '0', 'totalKeys': 1, 'totalSize': 24576, 'hash': '1'}, **said)
        with mock.patch.object(versions, 'fitting', lambda *_: {'program': program}), mock.patch.object(versions, 'server_version', lambda *_: '3.4.23'), \
                mock.patch.object(versions, 'database', lambda *_: database):
            return fetch.inspect_v2(host.state())

    def test_gives_what_is_in_a_backup(self):
        self.assertEqual(self.inspect({}), {'wal_files': 1, 'bytes': 300, 'snapshot_index': '9', 'commit_index': '11', 'v3': {'held': False, 'revision': '0', 'total_keys': 1}})
        self.assertRaises(Refused, self.inspect, {}, files=('snap/db',))

    def test_tells_data_of_api_3(self):
        for said, program, held in [({'revision': '4', 'totalKeys': 8}, 'etcdctl', True), ({'totalKeys': 2}, 'etcdctl', True), ({'totalKeys': 3}, 'etcdutl', False), ({'totalKeys': 4}, 'etcdutl', True)]:
            found = self.inspect(said, program)
            self.assertEqual((found['v3']['held'], found['commit_index']), (held, None if held else '11'))


if __name__ == '__main__':
    unittest.main()
