"""The member id and cluster id of a data-dir, from the second record of its write-ahead log: also of an etcd that is dead."""
import os
import struct

from . import trees

METADATA = 4096
RECORD_METADATA = 1


def ids(directory):
    """{'member': hex, 'cluster': hex} of a directory of .wal files; None when there is none that can be read."""
    try:
        fd = trees.opened(directory)
    except OSError:
        return None
    try:
        names = sorted(name for name in os.listdir(fd) if name.endswith('.wal'))
        if not names:
            return None
        head = trees.read_head('%s/%s' % (directory, names[0]), METADATA)
    except OSError:
        return None
    finally:
        os.close(fd)
    try:
        for kind, data in _records(head):
            if kind == RECORD_METADATA:
                fields = dict(_fields(data))
                return {'member': '%x' % fields.get(1, 0), 'cluster': '%x' % fields.get(2, 0)}
    except (ValueError, IndexError, TypeError):
        return None
    return None


def _records(data):
    """Frames: 8 bytes of length, little endian, with the padding in the top byte; then walpb.Record (1 type, 3 data)."""
    at = 0
    while at + 8 <= len(data):
        length = struct.unpack_from('<q', data, at)[0]
        size = length & 0x00FFFFFFFFFFFFFF
        padding = (length >> 56) & 7 if length < 0 else 0
        if size == 0 or at + 8 + size > len(data):
            return
        record = dict(_fields(data[at + 8:at + 8 + size]))
        yield record.get(1, 0), record.get(3, b'')
        at += 8 + size + padding


def _fields(data):
    """(number, value) of a protobuf message. Raises ValueError or IndexError when it is none."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        elif kind == 2:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise ValueError('cut')
            value, at = data[at:at + size], at + size
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = data[at:at + size], at + size
        else:
            raise ValueError('no such kind')
        yield key >> 3, value


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError('too long')
