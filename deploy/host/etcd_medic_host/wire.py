"""The channel: one line of JSON per request and answer, blocks of bytes between them, and whether the bot is still there."""
import json
import os
import select

from .refused import Refused, unknown

MYPY = False
if MYPY:
    from typing import Any, Dict, Iterator, Optional

# The versions that are spoken: docs/adr/0026-one-release-apart.md. The bot speaks the newest that both know.
PROTOCOL = 1
OLDEST = 1
LINE_MAX_BYTES = 262144
BLOCK_MAX_BYTES = 1048576
READ_BYTES = 1048576
# Whoever reads nothing for so long is gone: an act would keep its lock for as long as nobody reads what it says.
WRITE_SECONDS = 20


class Gone(Exception):
    """The bot has closed its end of the channel, or what it sent can no longer be read as requests."""


class Wire:
    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        os.set_blocking(sink, False)
        self._held = bytearray()
        self._ended = False
        self._deaf = False

    def say(self, answer: 'Dict[str, Any]') -> None:
        """Writes one line. A reader that is gone stops nothing here: `alive` is asked between two operations."""
        line = json.dumps(answer, separators=(',', ':'), ensure_ascii=True).encode('ascii') + b'\n'
        if len(line) > LINE_MAX_BYTES:
            raise unknown('What was found on the host is longer than %d bytes.' % LINE_MAX_BYTES)
        self._write(line)

    def block(self, data: bytes) -> None:
        """One block of a stream; an empty one ends it. Raises Gone when nobody takes it: a copy for nobody is of no use."""
        self._write(b'%d\n' % len(data) + bytes(data))
        if self._deaf:
            raise Gone

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view and not self._deaf:
            try:
                view = view[os.write(self._sink, view):]
            except BlockingIOError:
                self._deaf = not select.select([], [self._sink], [], WRITE_SECONDS)[1]
            except OSError:
                self._deaf = True

    def alive(self) -> bool:
        """Whether the bot's end is open, as far as can be seen without waiting."""
        if self._deaf or self._ended:
            return False
        if len(self._held) > LINE_MAX_BYTES:
            return True
        readable, _, _ = select.select([self._source], [], [], 0)
        if readable:
            self._fill()
        return not self._ended

    def line(self) -> 'Optional[bytes]':
        """The next line without its newline; None at the end of the input."""
        searched = 0
        while True:
            at = self._held.find(b'\n', searched)
            if at > LINE_MAX_BYTES or (at < 0 and len(self._held) > LINE_MAX_BYTES):
                raise Refused('HOST_PROTOCOL', 'A line of the request is longer than %d bytes.' % LINE_MAX_BYTES)
            if at >= 0:
                line = bytes(self._held[:at])
                del self._held[:at + 1]
                return line
            searched = len(self._held)
            if self._ended:
                if self._held:
                    raise Gone
                return None
            self._fill()

    def blocks(self, total_bytes: int) -> 'Iterator[bytes]':
        """The blocks of a file, at most `total_bytes` in all."""
        left = total_bytes
        while True:
            head = self.line()
            if head is None or not head.isdigit() or len(head) > 7:
                raise Gone
            size = int(head)
            if size > BLOCK_MAX_BYTES or size > left:
                raise Refused('HOST_PROTOCOL', 'More bytes came than were announced.')
            if size == 0:
                return
            left -= size
            while len(self._held) < size:
                if self._ended:
                    raise Gone
                self._fill()
            data = bytes(memoryview(self._held)[:size])
            del self._held[:size]
            yield data

    def _fill(self) -> None:
        try:
            data = os.read(self._source, READ_BYTES)
        except OSError:
            data = b''
        if data:
            self._held += data
        else:
            self._ended = True


def request_of(line: bytes) -> 'Dict[str, Any]':
    """A request out of a line. Raises Refused HOST_PROTOCOL for anything that is not one to the letter."""
    try:
        request = json.loads(line.decode('utf-8'))
    except (ValueError, RecursionError):
        raise Refused('HOST_PROTOCOL', 'A request is one line of JSON.')
    if not isinstance(request, dict):
        raise Refused('HOST_PROTOCOL', 'A request is a JSON object.')
    wanted = {'protocol': int, 'id': int, 'verb': str, 'etcd': str, 'arguments': dict}
    optional = {'run': str, 'epoch': int}
    exact(request, wanted, optional, 'a request')
    if not OLDEST <= request['protocol'] <= PROTOCOL:
        raise Refused('HOST_PROTOCOL', 'This host speaks protocol %s, and the bot asked by protocol %d.' % (spoken(), request['protocol']),
                      'Bring bot and host to the same version: run the kit again.')
    return request


def spoken() -> str:
    return str(PROTOCOL) if PROTOCOL == OLDEST else '%d to %d' % (OLDEST, PROTOCOL)


def exact(value: 'Dict[str, Any]', wanted: 'Dict[str, Any]', optional: 'Dict[str, Any]', what: str) -> None:
    """Raises Refused HOST_PROTOCOL unless `value` has exactly the wanted keys, and of the optional ones any, each of its type."""
    for key in value:
        if key not in wanted and key not in optional:
            raise Refused('HOST_PROTOCOL', 'There is no %s in %s.' % (json.dumps(key[:40]), what))
    for key, kind in list(wanted.items()) + list(optional.items()):
        if key not in value:
            if key in wanted:
                raise Refused('HOST_PROTOCOL', '%s is missing in %s.' % (key, what))
        elif not isinstance(value[key], kind) or (kind is int and isinstance(value[key], bool)):
            raise Refused('HOST_PROTOCOL', '%s in %s is not of its type.' % (key, what))
