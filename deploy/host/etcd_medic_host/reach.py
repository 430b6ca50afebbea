"""How a TCP port of another host looks from this one."""
import errno
import re
import socket

SECONDS = 3


def reach(address: str, port: int) -> str:
    """`refused` proves that the way is free; `no-answer` that something swallows what is sent, or nobody is there."""
    if not 0 < port < 65536 or len(address) > 253:
        return 'unreachable'
    # What C reads as the end of a name would be another name than the one in the log.
    if not re.match(r'^[A-Za-z0-9:][A-Za-z0-9.:%_-]*\Z', address):
        return 'unreachable'
    try:
        found = socket.getaddrinfo(address, port, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return 'unreachable'
    family, kind, protocol, _, place = found[0]
    one = socket.socket(family, kind, protocol)
    one.settimeout(SECONDS)
    try:
        one.connect(place)
        return 'open'
    except socket.timeout:
        return 'no-answer'
    except OSError as error:
        return 'refused' if error.errno == errno.ECONNREFUSED else 'unreachable'
    finally:
        one.close()
