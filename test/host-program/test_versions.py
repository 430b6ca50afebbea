"""etcd's programs: versions, the tool that restores, and what it says of a database."""
import os
import unittest

from etcd_medic_host import programs, versions
from etcd_medic_host.refused import Refused

from support import Host

OLD_HELP, NEW_HELP, NO_RESTORE = '--data-dir="" Path to the data directory', '--bump-revision=0 --data-dir="" --mark-compacted', 'NAME: snapshot - Manages etcd node snapshots'


class Tools(unittest.TestCase):
    def setUp(self):
        self.host = Host(self, by='root')
        self.host.account.become = lambda: None

    def tool(self, program, version, text):
        path = '%s/%s' % (self.host.root, program)
        self.host.write(path, '#!/bin/sh\necho called >>%s.calls\nif [ "$1" = version ]; then echo "%s version: %s"; echo "API version: 3.x"; else echo \'%s\'; fi\n' % (path, program, version, text))
        os.chmod(path, 0o755)
        self.host.etcd.tools[program] = path

    def fitting(self, server):
        found = versions.fitting(self.host.etcd, server)
        return found['program'], found['version'], found['bumps']

    def test_takes_etcdctl_where_there_is_no_etcdutl(self):
        self.tool('etcdctl', '3.4.23', OLD_HELP)
        self.assertEqual(self.fitting('3.4.23'), ('etcdctl', '3.4.23', False))

    def test_takes_etcdutl_before_etcdctl(self):
        self.tool('etcdctl', '3.5.16', NEW_HELP)
        self.tool('etcdutl', '3.5.16', NEW_HELP)
        self.assertEqual(self.fitting('3.5.20'), ('etcdutl', '3.5.16', True))

    def test_passes_over_a_tool_of_another_minor_version(self):
        self.tool('etcdutl', '3.6.1', NEW_HELP)
        self.tool('etcdctl', '3.4.40', NEW_HELP)
        self.assertEqual(self.fitting('3.4.23'), ('etcdctl', '3.4.40', True))

    def test_passes_over_an_etcdctl_that_cannot_restore_any_more(self):
        self.tool('etcdctl', '3.6.1', NO_RESTORE)
        for server in ('3.6.1', None, '3.60.1'):
            with self.assertRaises(Refused) as caught:
                self.fitting(server)
            self.assertEqual(caught.exception.code, 'HOST_TOOL_MISSING')

    def test_passes_over_what_says_no_version_and_what_is_gone(self):
        self.tool('etcdutl', 'none', NEW_HELP)
        self.host.etcd.tools['etcdctl'] = self.host.root + '/gone'
        self.assertEqual(versions.tools(self.host.etcd), [])

    def test_asks_again_when_the_file_has_changed_and_only_then(self):
        self.tool('etcdutl', '3.5.16', NEW_HELP)
        for _ in range(3):
            versions.tools(self.host.etcd)
        self.assertEqual(self.host.read(self.host.root + '/etcdutl.calls').count('called'), 2)
        os.unlink(self.host.root + '/etcdutl')
        self.tool('etcdutl', '3.5.17', NEW_HELP)
        self.assertEqual(versions.tools(self.host.etcd)[0]['version'], '3.5.17')

    def test_reads_the_servers_version(self):
        for text, version in [('etcd Version: 3.4.23\nGit SHA: Not provided', '3.4.23'), ('etcd Version: 3.6.0-rc.1', '3.6.0-rc.1'), ('bash: etcd: command not found', None), ('etcd Version: x', None)]:
            path = self.host.root + '/etcd'
            self.host.write(path, "#!/bin/sh\necho '%s'\n" % text)
            os.chmod(path, 0o755)
            versions._known.clear()
            self.assertEqual(versions.server_version(self.host.etcd, path), version)
        self.assertIsNone(versions.server_version(self.host.etcd, '/none/etcd'))

    def test_reads_what_is_said_of_a_database(self):
        path = self.host.root + '/etcdutl'
        self.host.write(path, '#!/bin/sh\necho warning >&2\ncat %s.answer\n' % path)
        os.chmod(path, 0o755)
        tool, database = {'program': 'etcdutl', 'path': path}, self.host.root + '/db'
        self.host.write(database, 'x')
        self.host.write(path + '.answer', '{"hash":3735928559,"revision":9007199254740993,"totalKey":5,"totalSize":20480}')
        self.assertEqual(versions.database(self.host.etcd, tool, database), {'revision': '9007199254740993', 'totalKeys': 5, 'totalSize': 20480, 'hash': 'deadbeef'})
        for text in ('', 'null', '[]', '{}', '{"hash":null,"revision":1,"totalKey":1,"totalSize":1}', 'Error: x', '{"hash":1,"revision":"x","totalKey":1,"totalSize":1}'):
            self.host.write(path + '.answer', text)
            with self.assertRaises(Refused) as caught:
                versions.database(self.host.etcd, tool, database)
            self.assertEqual(caught.exception.code, 'HOST_OUTPUT_UNKNOWN')

    def test_asks_the_tool_of_no_database_that_is_a_pipe_a_link_or_empty(self):
        tool, database = {'program': 'etcdutl', 'path': self.host.root + '/none'}, self.host.root + '/db'
        for make, error in [(lambda: os.mkfifo(database), Refused), (lambda: os.symlink('/etc/passwd', database), OSError), (lambda: self.host.write(database, ''), Refused)]:
            make()
            self.assertRaises(error, versions.database, self.host.etcd, tool, database)
            os.unlink(database)


class Programs(unittest.TestCase):
    def test_run_without_a_shell_with_an_environment_of_their_own(self):
        os.environ['SECRET'] = 'x'
        self.addCleanup(os.environ.pop, 'SECRET')
        self.assertEqual(programs.run(['printf', '%s|', 'a b', '$(id)', ';']).text, 'a b|$(id)|;|')
        self.assertEqual(sorted(line.split('=')[0] for line in programs.run(['env'], extra={'X': '1'}).text.split()), ['ETCDCTL_API', 'HOME', 'LC_ALL', 'PATH', 'X'])

    def test_have_no_input_and_an_output_that_is_bounded(self):
        self.assertEqual(programs.run(['cat']).bytes, 0)
        answer = programs.run(['sh', '-c', 'head -c 3000000 /dev/zero; echo end >&2; exit 3'])
        self.assertEqual((answer.exit, answer.bytes, len(answer.output)), (3, 3000004, programs.KEPT_BYTES))
        self.assertEqual(programs.run(['sh', '-c', 'echo out; echo err >&2'], apart=True).text, 'out\n')
        self.assertLessEqual(len(programs.shortened(b'x' * 5000)), 4096)
        self.assertEqual(programs.shortened(b'short'), 'short')

    def test_leaves_private_keys_out_whole_or_cut(self):
        body = '\n'.join('MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC%03d' % number for number in range(30))
        key = '-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----' % body
        for said, expected in [('a\n%s\nb' % key, 'a\n[secret]\nb'), (key[:900], '[secret]'), ('a b\n' + body[900:] + '\n' + key[-29:] + '\r\nb', 'a b\n[secret]\nb'),
                               (key.replace('\n', ' '), '[secret]'), ('c' * 64 + '\nb', 'c' * 64 + '\nb')]:
            self.assertEqual(programs.without_keys(said), expected)
        said = programs.shortened(('x\n' * 900 + key + '\n' + 'y\n' * 1500).encode('ascii'))
        self.assertNotIn('MIIE', said)

    def test_shortens_between_lines(self):
        lines = ['%s %04d' % ('password', number) for number in range(2000)]
        first, told, last = programs.shortened('\n'.join(lines).encode('ascii')).partition('… ')
        for part in (first, last.partition('…')[2]):
            self.assertLessEqual({line for line in part.split('\n') if line}, set(lines))

    def test_end_when_their_time_is_over(self):
        with self.assertRaises(Refused) as caught:
            programs.run(['sh', '-c', 'sleep 60 & sleep 60'], seconds=0.1)
        self.assertEqual(caught.exception.code, 'HOST_COMMAND_TIMEOUT')

    def test_that_are_not_there_are_missing(self):
        for argv, code in [(['no-such-program'], 'HOST_TOOL_MISSING'), (['/etc/passwd'], 'HOST_COMMAND_FAILED'), (['/none/x'], 'HOST_TOOL_MISSING')]:
            with self.assertRaises(Refused) as caught:
                programs.run(argv)
            self.assertEqual(caught.exception.code, code)

    def test_leave_no_child_and_no_descriptor(self):
        before = len(os.listdir('/proc/self/fd'))
        for _ in range(5):
            programs.run(['true'])
        self.assertEqual(len(os.listdir('/proc/self/fd')), before)
        self.assertRaises(ChildProcessError, os.waitpid, -1, os.WNOHANG)


if __name__ == '__main__':
    unittest.main()
