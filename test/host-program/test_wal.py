"""The ids of a member and its cluster out of a WAL that is made here, byte by byte."""
import os
import struct
import unittest

from etcd_medic_host import wal
from support import Host, dice


def varint(value):
    out = b''
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def record(kind, data):
    """A frame of walpb.Record, as etcd's encoder.go writes it: 8 bytes of length with the padding, then the record."""
    body = b'\x08' + varint(kind) + b'\x10' + varint(0xDEADBEEF) + (b'\x1a' + varint(len(data)) + data if data else b'')
    padding = (8 - len(body) % 8) % 8
    length = len(body) | ((0x80 | padding) << 56 if padding else 0)
    return struct.pack('<Q', length) + body + b'\0' * padding


def metadata(member, cluster):
    return b'\x08' + varint(member) + b'\x10' + varint(cluster)


class Ids(unittest.TestCase):
    def setUp(self):
        self.directory = Host(self, by='root').root + '/var/wal'
        os.mkdir(self.directory)

    def put(self, name, data):
        with open('%s/%s' % (self.directory, name), 'wb') as file:
            file.write(data)

    def test_stand_in_the_second_record_of_the_first_file(self):
        for member, cluster in [(0x8E9E05C52164694D, 0xCDF818194E3A8C32), (1, 2), (0xFFFFFFFFFFFFFFFF, 0x7F)]:
            self.put('0000000000000001-0000000000000005.wal', b'later')
            self.put('0.tmp', b'')
            self.put('0000000000000000-0000000000000000.wal', record(4, b'') + record(1, metadata(member, cluster)) + record(2, b'x' * 100) + b'\0' * 6000000)
            self.assertEqual(wal.ids(self.directory), {'member': '%x' % member, 'cluster': '%x' % cluster})

    def test_are_none_where_there_is_no_wal(self):
        self.assertIsNone(wal.ids(self.directory))
        self.assertIsNone(wal.ids(self.directory + '/none'))
        for data in (b'', b'\0' * 4096, record(4, b''), record(4, b'') + record(2, b'x'), b'\xff' * 4096, record(1, b'\x0a\x01x\x10\x01'), record(1, b'\x08'), struct.pack('<Q', 1 << 40)):
            self.put('0.wal', data)
            with self.subTest(data=data[:40]):
                self.assertIsNone(wal.ids(self.directory))
        os.unlink(self.directory + '/0.wal')
        os.mkfifo(self.directory + '/0.wal')
        self.assertIsNone(wal.ids(self.directory))

    def test_random_bytes_are_no_reason_to_fail(self):
        random = dice(self)
        good = record(4, b'') + record(1, metadata(7, 8))
        for _ in range(3000):
            data = bytearray(good)
            for _ in range(random.randrange(1, 6)):
                data[random.randrange(len(data))] = random.randrange(256)
            self.put('0.wal', bytes(data))
            found = wal.ids(self.directory)
            self.assertTrue(found is None or set(found) == {'member', 'cluster'})


if __name__ == '__main__':
    unittest.main()
