"""Unit files and environment files read as systemd does, and the YAML that is understood."""
import unittest

from etcd_medic_host import texts


def read(text):
    return [(one.section, one.key, one.value) for one in texts.directives([('/u', text)])]


class Directives(unittest.TestCase):
    def test_knows_sections_comments_and_lines_that_go_on(self):
        self.assertEqual(read('[Unit]\nDescription=x\n# User=no\n; User=no\n[Service]\nExecStart=/usr/bin/etcd \\\n  --name a\nUser = etcd\n'), [
            ('Unit', 'Description', 'x'), ('Service', 'ExecStart', '/usr/bin/etcd    --name a'), ('Service', 'User', 'etcd')])

    def test_a_comment_between_lines_that_go_on_does_not_end_them(self):
        self.assertEqual(read('[Service]\nExecStart=/e \\\n# no\n  ; nor this\n --a=b\nUser=x'), [('Service', 'ExecStart', '/e   --a=b'), ('Service', 'User', 'x')])

    def test_takes_nothing_else_for_a_directive(self):
        self.assertEqual(read('[Service]\nnonsense\n= x\n-A=1\nä=1\n#User=x'), [])

    def test_a_later_value_wins_and_an_empty_one_forgets_a_list(self):
        found = texts.directives([('/u', '[Service]\nUser=a\nUser=b\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n'), ('/d', '[Service]\nEnvironment=C=3\n[Unit]\nUser=c\n')])
        self.assertEqual(texts.last_of(found, 'User').value, 'b')
        self.assertEqual([(one.value, one.path) for one in texts.list_of(found, 'Environment')], [('B=2', '/u'), ('C=3', '/d')])
        self.assertIsNone(texts.last_of(found, 'Group'))


class Assignments(unittest.TestCase):
    def test_takes_quotes_off_skips_comments_and_keeps_repeats_in_order(self):
        self.assertEqual(texts.assignments('A=1\n  B="two words"\n#C=3\n;D=4\nA=\'5\'\nnonsense\nE=\nF = x \n1G=x\r\nH=y\r\n'),
                         [('A', '1'), ('B', 'two words'), ('A', '5'), ('E', ''), ('F', 'x'), ('H', 'y')])


class Words(unittest.TestCase):
    def test_splits_at_blanks_outside_of_quotes(self):
        for text, expected in [
            ('/usr/bin/etcd --name a', ['/usr/bin/etcd', '--name', 'a']), ('"A=b c" \'D=e f\' G=h', ['A=b c', 'D=e f', 'G=h']), ('--x="a b"c', ['--x=a bc']),
            ('', []), ('a\\ b', ['a b']), ('"a\\"b" \'c\\\'d\'', ['a"b', "c'd"]), ('\t a  b\n', ['a', 'b']), ('a""b', ['ab']), ('""', ['']),
        ]:
            with self.subTest(text=text):
                self.assertEqual(texts.words(text), expected)

    def test_takes_time_in_proportion_to_length(self):
        for text in ('"' * 1048577, '"a' * 524288 + '"', "'" + 'a' * 1048576, '\\' * 1048577, 'a' * 1048576):
            texts.words(text)


class Yaml(unittest.TestCase):
    def test_reads_what_etcds_own_sample_file_is_written_in(self):
        self.assertEqual(texts.yaml_values('\n'.join([
            '# This is the configuration file for the etcd server.', '', '# Human-readable name for this member.', "name: 'default'", '', 'data-dir:', 'snapshot-count: 10000',
            'listen-peer-urls: http://localhost:2380', "initial-cluster-state: 'new'", 'strict-reconfig-check: false', 'client-transport-security:',
            '  # Path to the client server TLS cert file.', '  cert-file:', '  client-cert-auth: false', 'peer-transport-security:', '  cert-file: /p.pem # here', '',
            'cipher-suites:', 'tls-min-version: "TLS1.2"', '']), ), {
                'name': 'default', 'data-dir': '', 'snapshot-count': '10000', 'listen-peer-urls': 'http://localhost:2380', 'initial-cluster-state': 'new',
                'strict-reconfig-check': 'false', 'client-transport-security': '', 'client-transport-security.cert-file': '', 'client-transport-security.client-cert-auth': 'false',
                'peer-transport-security': '', 'peer-transport-security.cert-file': '/p.pem', 'cipher-suites': '', 'tls-min-version': 'TLS1.2'})

    def test_reads_scalars(self):
        for text, value in [('a: b', 'b'), ("a: 'it''s' # c", "it's"), ('a: "x \\"y\\" \\\\"', 'x "y" \\'), ('a: b#c', 'b#c'), ('a: b #c', 'b'), ('a: # c', ''), ('a:', ''),
                            ('---\na: b\n', 'b'), ('a: b\r', 'b'), ('a: b: c', 'b: c'), ('{"a": "b", "c": {"d": true}}', 'b'), ('a: "#"', '#')]:
            with self.subTest(text=text):
                self.assertEqual(texts.yaml_values(text)['a'], value)
        self.assertEqual(texts.yaml_values('{"a": {"b": true}}'), {'a.b': 'true'})

    def test_refuses_whatever_else_yaml_can_be(self):
        for text in ['a: &x b', 'a: *x', 'a: |\n  b', 'a: >\n  b', 'a: !str b', 'a: [b]', 'a: {b: c}', 'a: @b', 'a: `b`', 'a:\tb', '\ta: b', '- a', 'a:\n- b', 'a: b\na: c',
                     'a:\n  b: 1\n  b: 2', '  a: b', 'a: b\n  c: d', 'a: b\n  c', 'a b', '"a": b', '? a\n: b', '<<: *x', '%YAML 1.2\n---\na: b', 'a: "b', "a: 'b", 'a: "b" c',
                     'a:\n  b:\n    c: d', 'a:\n  b: c\n   d: e', 'a:\n    b: c\n  d: e', 'a: "b\\x20c"', 'a: "b\\nc"', 'a: b\n---\na: c', 'a: b\n...\nc: d',
                     '{"a": ', '{"a": 1}{', '{"a": "b", "a": "c"}', '[1]']:
            with self.subTest(text=text):
                self.assertRaises(texts.NotUnderstood, texts.yaml_values, text)


if __name__ == '__main__':
    unittest.main()
