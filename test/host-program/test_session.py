"""Requests through a channel: allowed, fenced, recorded, done as planned, answered whatever happens."""
import os
import time
import unittest
from unittest import mock

from etcd_medic_host import session
from etcd_medic_host.refused import Refused
from etcd_medic_host.rights import Unsafe

from support import OTHER_RUN, RUN, Host, Program, needs_root

FENCE, SWAP, ASIDE = {'act': 'fence'}, {'act': 'swap'}, {'act': 'put-aside'}


def argvs(plan):
    return [one['argv'] for one in plan['operations']]


class Answers(unittest.TestCase):
    def setUp(self):
        self.host = Host(self)
        self.program = Program(self, self.host)

    def code(self, answer):
        return answer.get('error', {}).get('code', 'done')

    def test_what_destroys_is_done_as_it_was_planned_and_approved(self):
        old, new = self.host.directory(self.host.data), self.host.directory('%s.%s.new' % (self.host.data, RUN))
        fence, swap = self.program.planned(FENCE, SWAP)
        self.assertEqual(self.code(self.program.do(FENCE, approved=argvs(fence))[-1]), 'done')
        lines = self.program.do(SWAP, approved=argvs(swap))
        self.assertEqual([list(line)[1] for line in lines], ['begins', 'ended'] * len(swap['operations']) + ['done'])
        self.assertEqual([line['begins'] for line in lines if 'begins' in line], swap['operations'])
        self.assertEqual(set(lines[-1]['done']), {'result', 'look'})
        self.assertEqual(self.host.layout(), {self.host.data: new, '%s.%s.old' % (self.host.data, RUN): old})
        again = self.program.do(SWAP, approved=argvs(swap))
        self.assertEqual([list(line)[1] for line in again], ['done'])

    def test_nothing_is_done_that_was_not_approved(self):
        self.host.fenced()
        self.host.directory(self.host.data)
        before = self.host.layout()
        plan = argvs(self.program.planned(ASIDE)[0])
        for approved, code in [([], 'HOST_PLAN_MOVED'), (plan[:-1], 'HOST_PLAN_MOVED'), (list(reversed(plan)), 'HOST_PLAN_MOVED'), ([plan[0]], 'HOST_PLAN_MOVED'),
                               ([None, 7, [], {}], 'HOST_PLAN_MOVED'), ([argv[:-1] for argv in plan], 'HOST_PLAN_MOVED')]:
            self.assertEqual(self.code(self.program.do(ASIDE, approved=approved)[-1]), code)
            self.assertEqual(self.host.layout(), before)
        self.assertEqual(self.code(self.program.do(ASIDE)[-1]), 'HOST_PROTOCOL')
        self.assertEqual(self.host.layout(), before)

    def test_what_is_left_after_a_cut_needs_no_new_approval(self):
        self.host.fenced()
        self.host.directory(self.host.data)
        plan = argvs(self.program.planned(ASIDE)[0])
        os.rename(plan[0][-2], plan[0][-1])
        self.assertEqual(self.code(self.program.do(ASIDE, approved=plan)[-1]), 'done')

    def test_approved_is_a_subsequence(self):
        class One:
            def __init__(self, *argv):
                self.argv = list(argv)
        a, b, c = One('a'), One('b'), One('c')
        every = [['a'], ['b'], ['c'], ['a']]
        for left in ([], [a], [c], [a, b], [a, c], [b, a], [a, b, c, a]):
            session._approved(left, every)
        for left in ([b, b], [c, b], [One('d')], [a, a, a], [One('a', 'b')]):
            self.assertRaises(Refused, session._approved, left, every)
        self.assertRaises(Refused, session._approved, [], None)

    def test_nothing_is_moved_of_an_etcd_that_is_not_fenced(self):
        self.host.directory(self.host.data)
        before = self.host.layout()
        plan = argvs(self.program.planned(ASIDE)[0])
        answer = self.program.do(ASIDE, approved=plan)[-1]
        self.assertEqual(self.code(answer), 'FENCE_FAILED')
        self.assertEqual(self.host.layout(), before)

    def test_an_act_that_is_refused_is_refused_in_a_plan_and_in_words(self):
        self.host.fenced()
        self.assertIn('neither', self.program.planned(SWAP)[0]['refused'])
        answer = self.program.do(SWAP, approved=[])[-1]
        self.assertEqual(self.code(answer), 'HOST_COMMAND_FAILED')
        self.assertIn('Nothing was done: there is neither', answer['error']['message'])

    def test_a_worker_with_an_older_epoch_is_refused(self):
        self.assertEqual(self.code(self.program.do({'act': 'stop'}, epoch=5)[-1]), 'done')
        self.assertEqual(self.code(self.program.do({'act': 'stop'}, epoch=4)[-1]), 'HOST_FENCED')
        self.assertEqual(self.code(self.program.do({'act': 'stop'}, epoch=5)[-1]), 'done')

    def test_requests_that_are_none_end_the_channel(self):
        for verb, arguments, more in [
            ('no-such-verb', {}, {}), ('look', {'x': 1}, {}), ('look', {'runs': ['../x']}, {}), ('look', {'runs': [7]}, {}), ('plan', {'acts': [{'act': 'x'}]}, {}), ('plan', {'acts': [7]}, {}),
            ('plan', {'acts': [{'act': ['x']}]}, {}), ('plan', {'acts': [{'act': 'swap', 'x': 1}]}, {}), ('plan', {'acts': [FENCE] * 65}, {}), ('do', {'act': FENCE}, {}),
            ('do', {'act': FENCE}, {'run': RUN}), ('do', {'act': FENCE}, {'run': RUN, 'epoch': 0}), ('do', {'act': FENCE}, {'run': RUN, 'epoch': 2 ** 63}), ('look', {}, {'run': 'x'}),
            ('look', {}, {'run': RUN + '\n'}), ('database', {'of': 'x'}, {}), ('database', {'of': 'data', 'of_run': RUN}, {}), ('database', {'of': 'aside'}, {}),
            ('sha256', {'run_file': '../x'}, {}), ('fetch', {'what': 'x'}, {}), ('fetch', {'what': 'v2-backup'}, {}), ('plan', {'acts': [{'act': 'put-back', 'of_run': 'x'}]}, {}),
            ('look', {}, {'epoch': 0}), ('look', {}, {'epoch': -1}), ('look', {}, {'epoch': 2 ** 62}),
            ('plan', {'acts': [SWAP]}, {}), ('do', {'act': {'act': 'receive', 'bytes': 0, 'sha256': '0' * 64}}, {'run': RUN, 'epoch': 1}),
        ]:
            with self.subTest(verb=verb, arguments=arguments, more=more):
                program = Program(self, self.host)
                self.assertEqual(self.code(program.ask(verb, arguments, **more)), 'HOST_PROTOCOL')
                self.assertIsNone(program.line())
                self.assertEqual(program.end(), 0)

    def test_a_name_that_is_no_etcd_here_is_refused(self):
        self.assertEqual(self.code(self.program.ask('look', etcd='other')), 'HOST_DESCRIPTION_INVALID')
        self.assertEqual(self.code(self.program.ask('look')), 'done')

    def test_values_that_could_be_more_than_values_are_refused(self):
        restore = {'act': 'restore', 'name': 'etcd01', 'peer_url': 'https://10.0.0.31:2380', 'initial_cluster': 'etcd01=https://10.0.0.31:2380', 'initial_cluster_token': 't'}
        for key, value in [('name', 'a b'), ('name', 'a\n'), ('name', ''), ('name', '--x=y/'), ('peer_url', 'ftp://x'), ('peer_url', 'https://x/y'), ('peer_url', 'https://x\n'), ('initial_cluster', 'a=;'),
                           ('initial_cluster', "a='b'"), ('initial_cluster_token', '$(id)'), ('bump_revision', '-1'), ('bump_revision', '1\n'), ('bump_revision', '1' * 20)]:
            self.assertIn(self.program.planned(dict(restore, **{key: value}))[0].get('code'), ('ARGUMENT_UNSAFE',), (key, value))

    def test_a_plan_says_for_each_act_what_it_would_do_after_those_before(self):
        self.host.directory(self.host.data)
        fence, aside, delete, start = self.program.planned(FENCE, ASIDE, {'act': 'delete-aside'}, {'act': 'unmask-start'})
        self.assertEqual([one['argv'][0] for one in aside['operations']][:2], ['mv', 'mkdir'])
        self.assertIn('only data left', delete['refused'])
        self.assertEqual([one['argv'][1] for one in start['operations']], ['unmask', 'reset-failed', 'start'])
        self.assertEqual(self.host.calls(), [])

    def test_leaves_nothing_behind_in_a_thousand_requests(self):
        self.program.ask('look')
        before = len(os.listdir('/proc/%d/fd' % self.program.pid))
        requests = [('look', {'runs': [RUN]})] + [('sha256', {'run_file': RUN})] * 4 + [('reach', {'address': '', 'port': 0})] * 15
        for number in range(1000):
            self.program.ask(*requests[number % 20])
        self.assertEqual(len(os.listdir('/proc/%d/fd' % self.program.pid)), before)
        with open('/proc/%d/task/%d/children' % (self.program.pid, self.program.pid)) as file:
            self.assertEqual(file.read(), '')

    def test_reach_answers_whatever_is_asked(self):
        for address, port in [('127.0.0.1', 1), ('', 80), ('a\0b', 80), ('\udcff', 80), ('x' * 300, 80), ('.' * 100, 80), ('127.0.0.1', 0), ('127.0.0.1', 2 ** 40), ('$(id)', 80), ('-x', 80), ('::1', 1),
                              ('no-such-host.invalid', 80), ('xn--\u00e4' + 'b' * 70, 80)]:
            answer = self.program.ask('reach', {'address': address, 'port': port})
            self.assertIn(answer['done']['reach'], ('refused', 'unreachable'), address)

    def test_an_act_brings_the_looks_that_follow_it(self):
        self.host.directory(self.host.data)
        self.host.write('%s.%s.snapshot' % (self.host.data, RUN), 'x')
        after = [{'verb': 'plan', 'arguments': {'acts': [{'act': 'remove-scratch'}]}, 'run': RUN}, {'verb': 'look', 'arguments': {'runs': [RUN]}}]
        done = self.program.ask('do', {'act': {'act': 'remove-scratch'}, 'after': after}, run=RUN, epoch=1)['done']
        self.assertEqual(done['after'][0], {'done': {'plans': [{'operations': []}]}})
        self.assertIsNone(done['after'][1]['done']['place']['runs'][RUN]['snapshot'])

    def test_what_is_no_look_keeps_an_act_from_being_done(self):
        path = '%s.%s.snapshot' % (self.host.data, RUN)
        self.host.write(path, 'x')
        for after in ([{'verb': 'do', 'arguments': {'act': {'act': 'stop'}}}], [{'verb': 'fetch', 'arguments': {}}], ['look'], [], [{'verb': 'look'}], [{'verb': 'look', 'arguments': {}, 'x': 1}]):
            program = Program(self, self.host)
            answer = program.ask('do', {'act': {'act': 'remove-scratch'}, 'after': after}, run=RUN, epoch=1)
            self.assertEqual(self.code(answer), 'HOST_PROTOCOL', after)
            self.assertTrue(os.path.exists(path))

    def test_a_look_that_fails_after_an_act_does_not_make_the_act_a_failure(self):
        def broken(*_):
            raise KeyError('what nobody foresaw')

        path, after = '%s.%s.snapshot' % (self.host.data, RUN), [{'verb': 'database', 'arguments': {'of': 'aside', 'of_run': RUN}}, {'verb': 'plan', 'arguments': {'acts': []}, 'run': RUN}]
        self.host.directory('%s.%s.old' % (self.host.data, RUN))
        self.host.write(path, 'x')
        program = Program(self, self.host, versions__fitting=broken)
        done = program.ask('do', {'act': {'act': 'remove-scratch'}, 'after': after}, run=RUN, epoch=1)['done']
        self.assertIn('the act is done', done['after'][0]['error']['message'])
        self.assertEqual(done['after'][1], {'done': {'plans': []}})
        self.assertFalse(os.path.exists(path))
        self.assertEqual(self.code(program.ask('look')), 'done')

    def test_reads_a_restored_database_again_once_it_has_changed(self):
        def read(_etcd, _tool, path):
            with open(self.host.root + '/reads', 'a') as file:
                file.write('x')
            return {'of': path}

        program = Program(self, self.host, versions__fitting=lambda *_: {}, versions__server_version=lambda *_: '3.5.16', versions__database=read)
        directory = '%s.%s.new' % (self.host.data, RUN)
        self.host.directory(directory)
        database = directory + '/member/snap/db'
        os.makedirs(os.path.dirname(database))
        for number, change in enumerate([lambda: self.host.write(database, 'x'), lambda: self.host.write(database, 'y'), lambda: os.utime(database, (1, 1))]):
            change()
            for _ in range(2):
                self.assertEqual(program.ask('database', {'of': 'restored', 'of_run': RUN})['done'], {'of': database})
            self.assertEqual(len(self.host.read(self.host.root + '/reads')), number + 1)

    def test_a_look_survives_whatever_lies_there(self):
        for make in (lambda path: os.symlink('/etc', path), lambda path: os.mkfifo(path), lambda path: self.host.write(path, 'x')):
            make(self.host.data)
            for verb, arguments in [('look', {'sizes': True, 'certificates': True, 'tools': True, 'runs': [RUN]}), ('sha256', {'run_file': RUN}), ('database', {'of': 'restored', 'of_run': RUN})]:
                self.assertIn(self.code(self.program.ask(verb, arguments)), ('done', 'HOST_COMMAND_FAILED'), verb)
            found = self.program.ask('look')['done']['place']
            self.assertIn('no directory', found['problem'])
            os.unlink(self.host.data)
        os.rename(self.host.parent, self.host.parent + '.real')
        os.symlink('etcd.real', self.host.parent)
        self.host.write('%s.%s.snapshot' % (self.host.data, RUN), 'x')
        self.assertIn('symbolic link', self.program.ask('look')['done']['place']['problem'])
        self.assertIsNone(self.program.ask('sha256', {'run_file': RUN})['done']['sha256'])
        self.assertEqual(self.code(self.program.ask('look')), 'done')


class Unforeseen(unittest.TestCase):
    def test_is_answered_recorded_and_ends_the_channel(self):
        def broken(*_):
            raise KeyError('what nobody foresaw')
        for error, words in [(broken, 'KeyError'), (lambda *_: object(), 'TypeError')]:
            host = Host(self)
            program = Program(self, host, session__look=error)
            answer = program.ask('look')
            self.assertEqual((answer['id'], answer['error']['code'], words in answer['error']['message']), (1, 'HOST_COMMAND_FAILED', True))
            self.assertIsNone(program.line())
            self.assertEqual(program.end(), 0)
            self.assertNotIn('foresaw', str(answer['error']))
            self.assertRegex(program.logged()[-1]['at'], r'^\w+\.py:[0-9]+$')
            self.assertIn(words, program.logged()[-1]['unforeseen'])

    def test_what_the_kernel_says_is_told_in_words_and_the_channel_goes_on(self):
        for error, code in [(OSError(5, 'Input/output error', '/x'), 'HOST_COMMAND_FAILED'), (OSError(28, 'No space left on device', '/x'), 'HOST_DISK_FULL'),
                            (Unsafe('everybody may write in /x'), 'HOST_COMMAND_FAILED')]:
            program = Program(self, Host(self), session__look=mock.Mock(side_effect=error))
            answer = program.ask('look')
            self.assertEqual((answer['error']['code'], '/x' in answer['error']['message']), (code, True))
            self.assertEqual(program.ask('look')['error']['code'], code)

    def test_a_log_that_cannot_be_written_stops_what_would_be_done(self):
        host = Host(self)
        os.mkdir(host.root + '/log')
        program = Program(self, host)
        self.assertEqual(program.do({'act': 'stop'})[-1]['error']['code'], 'HOST_EPOCH_FAILED')
        self.assertEqual(host.calls(), [])


class Log(unittest.TestCase):
    def test_has_each_request_each_operation_before_and_after_and_why_something_was_refused(self):
        host = Host(self)
        program = Program(self, host)
        program.do({'act': 'stop'})
        host.fenced()
        program.do(SWAP, approved=[])
        program.ask('no-such-verb')
        program.end()
        lines = program.logged()
        self.assertEqual([(line.get('act'), 'begins' in line, 'ended' in line, line.get('exit'), line.get('refused')) for line in lines], [
            ('stop', False, False, None, None), (None, True, False, None, None), (None, False, True, 0, None), ('swap', False, False, None, None),
            (None, False, False, None, 'HOST_COMMAND_FAILED'), (None, False, False, None, 'HOST_PROTOCOL')])
        self.assertIn('neither', lines[4]['because'])
        self.assertEqual(oct(os.stat(program.log).st_mode & 0o777), '0o600')

    def test_has_the_end_of_an_operation_that_failed(self):
        host = Host(self)
        program = Program(self, host)
        host.write(host.root + '/systemctl', host.read(host.root + '/systemctl').replace('stop) echo', 'stop) echo no; exit 4; echo'))
        lines = program.do({'act': 'stop'})
        self.assertEqual((lines[1]['ended']['exit'], lines[1]['ended']['output'], lines[2]['error']['code']), (4, 'no\n', 'HOST_COMMAND_FAILED'))
        self.assertEqual([(line['exit'], line['because']) for line in program.logged() if 'ended' in line], [(4, 'no\n')])

    def test_is_turned_when_it_is_large(self):
        host = Host(self)
        with open(host.root + '/log', 'wb') as file:
            file.truncate(17 * 1024 * 1024)
        program = Program(self, host)
        program.ask('look')
        self.assertEqual((len(program.logged()), os.path.getsize(host.root + '/log.1')), (1, 17 * 1024 * 1024))


class Ends(unittest.TestCase):
    def test_a_channel_that_ends_cuts_no_operation_and_begins_no_other(self):
        host = Host(self)
        host.fenced()
        old = host.directory(host.data)
        program = Program(self, host, moves__fenced=lambda _state: None)
        plan = argvs(program.planned(ASIDE)[0])
        # The pipe is full of requests, and its other end is closed while the first is done.
        program.send('do', {'act': ASIDE, 'approved': plan}, run=RUN, epoch=1)
        program.hang_up()
        program.answers()
        self.assertEqual(program.end(), 0)
        self.assertIn(old, host.layout().values())
        other = Program(self, host)
        self.assertIn('done', other.do(ASIDE, approved=plan)[-1])

    def test_the_lock_is_let_go_when_an_act_fails(self):
        host = Host(self)
        program = Program(self, host)
        for _ in range(3):
            program.do(SWAP, approved=[])
        begun = time.monotonic()
        Program(self, host).do({'act': 'stop'}, run=OTHER_RUN)
        self.assertLess(time.monotonic() - begun, 20)


class AsRoot(unittest.TestCase):
    @needs_root
    def test_root_itself_may_be_etcds_user(self):
        from etcd_medic_host.users import Account
        host = Host(self, by='root')
        host.etcd.account = Account('root', 'root')
        os.mkdir(host.data, 0o700)
        os.mkdir(host.data + '/x')
        host.fenced()
        program = Program(self, host)
        plan = argvs(program.planned(ASIDE)[0])
        self.assertEqual([argv[0] for argv in plan], ['mv', 'mkdir', 'sync'])
        self.assertIn('done', program.do(ASIDE, approved=plan)[-1])


if __name__ == '__main__':
    unittest.main()
