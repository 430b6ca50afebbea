"""Answers the requests of one channel until it ends."""
import hashlib
import os
import signal
import sys

from .refused import Refused, failed
from .wire import OLDEST, PROTOCOL, Gone, Wire, request_of


def main() -> None:
    # An operation is never cut in two: whoever ends the channel is noticed between two of them.
    for one in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGQUIT):
        signal.signal(one, signal.SIG_IGN)
    # Ignored by whoever started this, it would make the end of every child look like success.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.umask(0o077)
    os.chdir('/')
    if len(sys.argv) > 1:
        from .describe import describe
        sys.exit(describe(sys.argv[1:]))
    os.environ['PATH'] = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    if os.geteuid() != 0:
        sys.stderr.write('etcd-medic-host: this program runs as root, by sudo or by a key of root\n')
        sys.exit(77)
    wire = Wire(0, 1)
    wire.say({'hello': 'etcd-medic-host', 'protocol': PROTOCOL, 'oldest': OLDEST, 'program': digest(), 'host': os.uname()[1]})
    try:
        serve(wire)
    except Gone:
        pass


def digest() -> str:
    """sha256 over this program's files: the name, a newline and the bytes of each, in the order of their names."""
    here = os.path.dirname(os.path.abspath(__file__))
    whole = hashlib.sha256()
    for name in sorted(name for name in os.listdir(here) if name.endswith('.py')):
        with open(os.path.join(here, name), 'rb') as file:
            whole.update(name.encode('ascii') + b'\n' + file.read())
    return whole.hexdigest()


def serve(wire: 'Wire') -> None:
    from .session import Session
    session = Session(wire)
    while True:
        request = {}
        try:
            line = wire.line()
            if line is None:
                return
            request = request_of(line)
            wire.say({'id': request['id'], 'done': session.answer(request)})
        except Refused as error:
            session.refused(request, error)
            wire.say({'id': request.get('id', 0), 'error': error.told()})
            # What follows a line that is no request cannot be trusted to be a line.
            if error.code == 'HOST_PROTOCOL':
                return
        except Gone:
            raise
        except Exception as error:
            # Nobody foresaw it, so nobody knows what it left: what is told of it tells nothing of the host, and the next request is for a new channel.
            unforeseen = failed('etcd-medic-host came upon something that it does not know (%s).' % type(error).__name__,
                                'Look into /var/log/etcd-medic-host.log on the host.')
            session.refused(request, unforeseen, error)
            wire.say({'id': request.get('id', 0), 'error': unforeseen.told()})
            return
