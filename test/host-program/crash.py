"""
On a host, as root: does one act of the program, kills the program with SIGKILL when it says a line, at another line each time, and does the act
again. `python3 -I crash.py ACT`. Ends with 0 and the number of cuts, or with 1 and what was lost.
"""
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys

RUN, OTHER = 'restore-prod-7f3a9c', 'undo-prod-aaaaaa'
DATA = '/data/etcd/data'
NEW, OLD, SNAPSHOT, KEPT = ('%s.%s' % (DATA, end) for end in (RUN + '.new', RUN + '.old', RUN + '.snapshot', OTHER + '.old'))
SETTINGS, OWN = '/etc/default/etcd', '/etc/systemd/system/etcd.service'
SAVED = '/root/saved'
BYTES = random.Random(1).getrandbits(8 * 3000000).to_bytes(3000000, 'big')


class Program:
    def __init__(self):
        self.child = subprocess.Popen(['/usr/local/sbin/etcd-medic-host'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.line()

    def line(self):
        line = self.child.stdout.readline()
        return json.loads(line.decode('ascii')) if line else None

    def send(self, verb, arguments):
        request = {'protocol': 1, 'id': 1, 'verb': verb, 'etcd': 'etcd', 'arguments': arguments, 'run': RUN}
        request.update({'epoch': 1} if verb == 'do' else {})
        self.child.stdin.write(json.dumps(request).encode('ascii') + b'\n')
        self.child.stdin.flush()

    def do(self, act, approved, kill_at=None):
        """The last line; None when it was killed."""
        self.send('do', {'act': act, 'approved': approved})
        seen = 0
        while True:
            line = self.line()
            if line is None or 'done' in line or 'error' in line:
                return line
            if seen == kill_at:
                self.kill()
                return None
            if line.get('ready') and self.give(kill_at):
                return None
            seen += 1

    def give(self, kill_at):
        """Whether it was killed meanwhile."""
        try:
            for at in range(0, len(BYTES), 1000000):
                self.child.stdin.write(b'1000000\n' + BYTES[at:at + 1000000])
                self.child.stdin.flush()
                if kill_at == -1 and at == 1000000:
                    self.kill()
                    return True
            self.child.stdin.write(b'0\n')
            self.child.stdin.flush()
        except BrokenPipeError:
            pass
        return False

    def plan(self, act):
        self.send('plan', {'acts': [act]})
        return self.line()['done']['plans'][0]

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.end()

    def end(self):
        try:
            self.child.stdin.close()
        except BrokenPipeError:
            pass
        self.child.wait()
        self.child.stdout.close()


def sh(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def systemd(name):
    return all_of(name)[0]


def all_of(*names):
    answer = subprocess.run(['systemctl', 'show', '--property=' + ','.join(names), 'etcd'], stdout=subprocess.PIPE, check=True).stdout.decode()
    found = dict(line.split('=', 1) for line in answer.split('\n') if '=' in line)
    return [found[name] for name in names]


def fenced():
    """Stopped and masked, with nothing of ours anywhere."""
    if [systemd('ActiveState')] + unit() != ['inactive', 'masked', 'masked', False, False]:
        sh('sh', '-c', 'systemctl unmask etcd; rm -f %s %s.masked-by-etcd-medic; systemctl daemon-reload; systemctl stop etcd; systemctl mask etcd' % (OWN, OWN))
    for name in os.listdir(os.path.dirname(DATA)):
        remove('%s/%s' % (os.path.dirname(DATA), name))


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def marked(*paths):
    """Directories of etcd's, each with its own name in it."""
    for path in paths:
        os.makedirs(path + '/member')
        with open(path + '/member/mark', 'w') as file:
            file.write(path)
        own(path)


def own(path):
    sh('chown', '-R', 'etcd:etcd', path)
    os.chmod(path, 0o700)


def marks():
    found = {}
    for name in sorted(os.listdir(os.path.dirname(DATA))):
        path = '%s/%s' % (os.path.dirname(DATA), name)
        try:
            with open(path + '/member/mark') as file:
                found[path] = file.read()
        except (FileNotFoundError, NotADirectoryError):
            found[path] = 'empty' if os.path.isdir(path) and not os.listdir(path) else 'other'
    return found


def loaded(own_file):
    fenced()
    sh('systemctl', 'unmask', 'etcd')
    shutil.copytree(SAVED, DATA)
    own(DATA)
    if own_file:
        shutil.copy(unit_file(), OWN)
        sh('systemctl', 'daemon-reload')


def running(own_file):
    def prepare():
        loaded(own_file)
        # It takes seconds until it has a leader.
        sh('systemctl', 'start', '--no-block', 'etcd')
    return prepare


def stopped(own_file):
    def prepare():
        loaded(own_file)
        ask({'act': 'fence'})
    return prepare


def unit_file():
    return next(path for path in ('/usr/lib/systemd/system/etcd.service', '/lib/systemd/system/etcd.service') if os.path.exists(path))


def ask(act):
    program = Program()
    approved = [one['argv'] for one in program.plan(act)['operations']]
    answer = program.do(act, approved)
    program.end()
    if 'done' not in answer:
        raise SystemExit('%s: %s' % (act, answer))


def unit():
    return all_of('LoadState', 'UnitFileState') + [os.path.isfile(OWN), os.path.lexists(OWN + '.masked-by-etcd-medic')]


def is_fenced(own_file):
    def check():
        expect(unit()[:2] + [systemd('ActiveState')], ['masked', 'masked', 'inactive'])
        if own_file:
            with open(OWN + '.masked-by-etcd-medic') as one, open(unit_file()) as other:
                expect(one.read(), other.read())
    return check


def is_started(own_file):
    def check():
        expect(unit()[2:], [own_file, False])
        # That it becomes active is etcd's affair, and takes it seconds.
        expect([systemd('LoadState'), systemd('ActiveState') in ('activating', 'active')], ['loaded', True])
    return check


def layout(*paths, **ends):
    def prepare():
        fenced()
        marked(*paths)
    return prepare, lambda: expect(marks(), {path: ends[name] for name, path in (('data', DATA), ('new', NEW), ('old', OLD), ('kept', KEPT)) if name in ends})


def expect(found, wanted):
    if found != wanted:
        raise SystemExit('%s, not %s' % (found, wanted))


def settings():
    def prepare():
        for name in os.listdir('/etc/default'):
            if name.startswith('etcd.before'):
                os.unlink('/etc/default/' + name)
        shutil.copy(SAVED + '.settings', SETTINGS)

    def check():
        copies = [name for name in os.listdir('/etc/default') if name.startswith('etcd.before')]
        with open(SETTINGS) as file, open(SAVED + '.settings') as saved, open('/etc/default/' + copies[0]) as copy:
            text = saved.read()
            expect([len(copies), copy.read()], [1, text])
            expect('existing' in file.read(), True)
        expect(systemd('NeedDaemonReload'), 'no')
    return prepare, check


def handed_over():
    fenced()
    shutil.copy(SAVED + '/member/snap/db', SNAPSHOT)
    sh('chown', 'etcd:etcd', SNAPSHOT)
    os.chmod(SNAPSHOT, 0o600)


def restored():
    facts = os.stat(NEW)
    expect([oct(facts.st_mode & 0o777), facts.st_uid != 0, os.path.exists(NEW + '/member/snap/db'), os.path.lexists(NEW + '.part')], ['0o700', True, True, False])


def received():
    with open(SNAPSHOT, 'rb') as file:
        expect(file.read() == BYTES, True)
    expect(os.path.lexists(SNAPSHOT + '.part'), False)


def acts():
    with open(SAVED + '/member/snap/db', 'rb') as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    restore = {'act': 'restore', 'name': 'etcd01', 'peer_url': 'https://10.0.0.31:2380', 'initial_cluster': 'etcd01=https://10.0.0.31:2380', 'initial_cluster_token': 't',
               'skip_hash_check': True, 'sha256': sha256}
    return {
        'fence': ({'act': 'fence'}, running(False), is_fenced(False)),
        'fence, own unit file': ({'act': 'fence'}, running(True), is_fenced(True)),
        'unmask-start': ({'act': 'unmask-start'}, stopped(False), is_started(False)),
        'unmask-start, own unit file': ({'act': 'unmask-start'}, stopped(True), is_started(True)),
        'swap': ({'act': 'swap'},) + layout(DATA, NEW, data=NEW, old=DATA),
        'swap, no data': ({'act': 'swap'},) + layout(NEW, data=NEW, old='empty'),
        'put-aside': ({'act': 'put-aside'},) + layout(DATA, data='empty', old=DATA),
        'put-back': ({'act': 'put-back', 'of_run': OTHER},) + layout(DATA, KEPT, data=KEPT, old=DATA),
        'delete-aside': ({'act': 'delete-aside'},) + layout(DATA, OLD, data=DATA),
        'settings': ({'act': 'settings', 'initial_cluster_state': 'existing', 'initial_cluster_token': 'another'},) + settings(),
        'restore': (restore, handed_over, restored),
        'receive': ({'act': 'receive', 'bytes': len(BYTES), 'sha256': hashlib.sha256(BYTES).hexdigest()}, fenced, received),
    }


def main(name):
    if not os.path.exists(SAVED):
        sh('sh', '-c', 'systemctl stop etcd; cp -a %s %s; cp %s %s.settings' % (DATA, SAVED, SETTINGS, SAVED))
    act, prepare, check = acts()[name]
    cuts, program = 0, Program()
    for at in ([-1] if name == 'receive' else []) + list(range(20)):
        prepare()
        before = set(marks().values()) - {'empty', 'other'}
        approved = [one['argv'] for one in program.plan(act)['operations']]
        answer = program.do(act, approved, at)
        if answer is not None:
            check()
            break
        cuts += 1
        lost = before - set(marks().values())
        if lost and name != 'delete-aside':
            raise SystemExit('cut at line %d, and lost: %s' % (at, lost))
        program = Program()
        answer = program.do(act, approved)
        if answer is None or 'done' not in answer:
            raise SystemExit('cut at line %d, and not done then: %s' % (at, answer))
        check()
        left = program.plan(act) if act['act'] != 'unmask-start' else {'operations': []}
        expect(left, {'operations': []})
    program.end()
    print(cuts)


if __name__ == '__main__':
    main(sys.argv[1])
