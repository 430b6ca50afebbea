"""The channel: lines and blocks, their bounds, and its end."""
import json
import os
import threading
import time
import unittest
from unittest import mock

from etcd_medic_host import wire
from etcd_medic_host.refused import Refused
from etcd_medic_host.wire import BLOCK_MAX_BYTES, LINE_MAX_BYTES, Gone, Wire, request_of

REQUEST = {'protocol': 1, 'id': 7, 'verb': 'look', 'etcd': 'etcd', 'arguments': {}}


class Channel(unittest.TestCase):
    def setUp(self):
        self.from_host, sink = os.pipe()
        source, self.to_host = os.pipe()
        self.wire = Wire(source, sink)
        self.open = {self.from_host, sink, source, self.to_host}
        self.addCleanup(lambda still=self.open: [os.close(fd) for fd in still])

    def close(self, fd):
        self.open.discard(fd)
        os.close(fd)

    def send(self, data, end=False, pieces=None):
        """From a thread: a pipe holds 64 KiB."""
        def write():
            view = memoryview(data)
            while view:
                view = view[os.write(self.to_host, view[:pieces] if pieces else view):]
            if end:
                self.close(self.to_host)
        thread = threading.Thread(target=write)
        thread.start()
        self.addCleanup(thread.join)
        return thread

    def test_gives_line_by_line_whatever_came_together(self):
        self.send(b'one\ntwo\n\nthr', end=True)
        self.assertEqual([self.wire.line() for _ in range(3)], [b'one', b'two', b''])
        self.assertRaises(Gone, self.wire.line)

    def test_ends_with_its_input(self):
        self.send(b'one\n', end=True)
        self.assertEqual([self.wire.line(), self.wire.line(), self.wire.line()], [b'one', None, None])

    def test_takes_a_line_of_the_largest_size_and_none_larger(self):
        self.send(b'x' * LINE_MAX_BYTES + b'\n' + b'y' * (LINE_MAX_BYTES + 1) + b'\n', end=True)
        self.assertEqual(self.wire.line(), b'x' * LINE_MAX_BYTES)
        self.assertRaises(Refused, self.wire.line)

    def test_refuses_a_line_without_end_before_it_fills_the_memory(self):
        self.send(b'x' * (LINE_MAX_BYTES + 1))
        self.assertRaises(Refused, self.wire.line)

    def test_gives_blocks_and_the_line_behind_them(self):
        self.send(b'3\nabc2\n\n\n0\nnext\n')
        self.assertEqual(list(self.wire.blocks(5)), [b'abc', b'\n\n'])
        self.assertEqual(self.wire.line(), b'next')

    def test_takes_a_block_of_the_largest_size(self):
        self.send(b'%d\n' % BLOCK_MAX_BYTES + b'x' * BLOCK_MAX_BYTES + b'0\n')
        self.assertEqual([len(data) for data in self.wire.blocks(BLOCK_MAX_BYTES)], [BLOCK_MAX_BYTES])

    def test_refuses_more_than_was_announced(self):
        for data in (b'6\nabcdef0\n', b'3\nabc3\nabc0\n', b'%d\n' % (BLOCK_MAX_BYTES + 1)):
            self.wire._held = bytearray(data)
            self.assertRaises(Refused, lambda: list(self.wire.blocks(5 if len(data) < 100 and data[0:1] in b'63' else 1 << 40)))

    def test_a_block_that_has_no_size_ends_it(self):
        for data in (b'x\n', b'-1\n', b'\n', b' 1\nx', b'1.0\n', b'+1\n', b'12345678\n', b'\xb2\n', '١\n'.encode()):
            self.wire._held = bytearray(data)
            with self.subTest(data=data):
                self.assertRaises(Gone, lambda: list(self.wire.blocks(1 << 40)))

    def test_an_end_in_the_middle_of_a_block_ends_it(self):
        for data in (b'3\nab', b'3', b'3\nabc', b''):
            self.setUp()
            self.send(data, end=True)
            self.assertRaises(Gone, lambda: list(self.wire.blocks(10)))

    def test_takes_time_in_proportion_to_what_comes(self):
        for pattern in (b'\n', b'x\n', b'{"a":1}\n', b'1\nx', b'x' * 1000 + b'\n'):
            self.setUp()
            data = pattern * (1048576 // len(pattern)) + b'\n'
            begun = time.monotonic()
            self.send(data, end=True)
            size = 0
            while True:
                line = self.wire.line()
                if line is None:
                    break
                size += len(line) + 1
            self.assertEqual(size, len(data))
            self.assertLess(time.monotonic() - begun, 20, pattern)

    def test_a_line_that_comes_byte_by_byte_is_read_in_time(self):
        begun = time.monotonic()
        self.send(b'x' * 20000 + b'\n', pieces=1)
        self.assertEqual(len(self.wire.line()), 20000)
        self.assertLess(time.monotonic() - begun, 20)

    def test_knows_whether_the_other_end_is_there(self):
        self.assertTrue(self.wire.alive())
        self.send(b'ahead\n').join()
        self.assertTrue(self.wire.alive())
        self.close(self.to_host)
        self.assertFalse(self.wire.alive())
        self.assertEqual(self.wire.line(), b'ahead')

    def test_an_answer_that_nobody_reads_stops_nothing_and_is_noticed(self):
        self.close(self.from_host)
        self.wire.say({'id': 1})
        self.assertFalse(self.wire.alive())
        self.assertRaises(Gone, self.wire.block, b'x')

    def test_says_lines_of_ascii_and_blocks(self):
        self.wire.say({'a': 'ä\udcff\n'})
        self.wire.block(b'ab')
        self.wire.block(b'')
        self.assertEqual(os.read(self.from_host, 100), b'{"a":"\\u00e4\\udcff\\n"}\n2\nab0\n')


class Requests(unittest.TestCase):
    def refused(self, line):
        with self.assertRaises(Refused) as caught:
            request_of(line if isinstance(line, bytes) else json.dumps(line).encode('utf-8'))
        self.assertEqual(caught.exception.code, 'HOST_PROTOCOL')

    def test_are_read(self):
        for more in ({}, {'run': 'x'}, {'epoch': 1, 'run': 'x'}):
            self.assertEqual(request_of(json.dumps(dict(REQUEST, **more)).encode('utf-8')), dict(REQUEST, **more))

    def test_are_of_the_form_to_the_letter(self):
        for line in (b'', b'{', b'null', b'[]', b'"x"', b'\xff', b'[' * 200000, b'{"a":' * 20000, b'1' * 250000):
            self.refused(line)
        for key in REQUEST:
            self.refused({name: value for name, value in REQUEST.items() if name != key})
        for more in ({'x': 1}, {'x' * 10000: 1}, {'id': '7'}, {'id': True}, {'id': 1.0}, {'id': None}, {'arguments': []}, {'verb': 1}, {'run': 1}, {'epoch': '1'}, {'epoch': True},
                     {'protocol': 2}, {'protocol': True}, {'protocol': 10 ** 4000}):
            self.refused(dict(REQUEST, **more))

    def test_are_of_a_version_that_is_spoken(self):
        with mock.patch.multiple(wire, PROTOCOL=3, OLDEST=2):
            for protocol in (2, 3):
                self.assertEqual(request_of(json.dumps(dict(REQUEST, protocol=protocol)).encode('utf-8'))['protocol'], protocol)
            for protocol in (1, 4):
                with self.assertRaises(Refused) as caught:
                    request_of(json.dumps(dict(REQUEST, protocol=protocol)).encode('utf-8'))
                self.assertIn('speaks protocol 2 to 3', caught.exception.told()['message'])

    def test_arguments_are_of_their_types(self):
        wire.exact({'a': 1}, {'a': int}, {'b': str}, 'x')
        for value in ({}, {'a': 1, 'b': 2}, {'a': True}, {'a': 1, 'c': 1}):
            self.assertRaises(Refused, wire.exact, value, {'a': int}, {'b': str}, 'x')


if __name__ == '__main__':
    unittest.main()
