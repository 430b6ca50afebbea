"""What the tests of the program share: a host in a directory of its own, with a systemctl that a few lines of shell play."""
import ctypes
import importlib
import json
import os
import pwd
import random
import shutil
import signal
import tempfile
import time
import traceback
from types import SimpleNamespace
from unittest import mock

from etcd_medic_host import state, users

RUN = 'restore-prod-7f3a9c'
OTHER_RUN = 'undo-prod-aaaaaa'
UNIT = 'etcd-medic-test.service'
IS_ROOT = os.geteuid() == 0
# Much is written to the disk for good, which takes its time on one.
MEMORY = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None


def needs_root(test):
    """A test that only root can run: run.py runs it apart."""
    test.needs_root = True
    return test


def dice(test):
    """Random values that are the same in every run of a test."""
    return random.Random(test.id())


class Me:
    """Whoever runs the tests, where that is not root: nothing can be dropped."""

    def __init__(self):
        entry = pwd.getpwuid(os.getuid())
        self.user, self.uid, self.gid = entry.pw_name, entry.pw_uid, entry.pw_gid
        self.group = group_of(entry.pw_gid)
        self.is_root = False

    def become(self):
        pass


def group_of(gid):
    import grp
    return grp.getgrgid(gid).gr_name


def account():
    """etcd's user in the tests: nobody, and without root whoever runs them."""
    return users.Account('nobody', '') if IS_ROOT else Me()


SYSTEMCTL = r'''#!/bin/sh
# Plays systemctl for one unit: $ROOT/own is /etc/systemd/system, $ROOT/unit what systemd knows.
root=%s unit=%s own=%s
cd "$root/unit" || exit 9
echo "$*" >>calls
is_null() { [ "$(readlink "$own/$unit")" = /dev/null ]; }
reload() { if is_null; then echo masked >load; echo masked >file; else echo loaded >load; echo enabled >file; fi; rm -f stale; }
case $1 in
  show)
    if [ -e stale ]; then stale=yes; else stale=no; fi
    printf 'LoadState=%%s\nActiveState=%%s\nSubState=x\nMainPID=%%s\nUnitFileState=%%s\nNeedDaemonReload=%%s\nNRestarts=0\nEnvironment=\nDropInPaths=\n' \
      "$(cat load)" "$(cat active)" "$(cat pid)" "$(cat file)" "$stale" ;;
  daemon-reload) reload ;;
  mask)
    if [ -e "$own/$unit" ] && ! is_null; then echo "Failed to mask unit: File $own/$unit already exists." >&2; exit 1; fi
    ln -sfn /dev/null "$own/$unit"; reload ;;
  unmask) if is_null; then rm "$own/$unit"; fi; reload ;;
  stop) echo inactive >active; echo 0 >pid ;;
  start | restart)
    if [ "$(cat load)" = masked ]; then echo "Failed to start $unit: Unit $unit is masked." >&2; exit 1; fi
    echo active >active ;;
  reset-failed) exit 1 ;;
  *) exit 9 ;;
esac
'''


class Host:
    """One etcd in a directory; what it is given lies where the program looks for it until the test ends."""

    def __init__(self, test, wal=False, mount=False, by='etcd'):
        self.account = account()
        self.root = os.path.realpath(tempfile.mkdtemp(prefix='etcd-medic-', dir=MEMORY))
        test.addCleanup(shutil.rmtree, self.root)
        os.chmod(self.root, 0o755)
        for name in ('own', 'lib', 'unit', 'run', 'etc', 'etc/default', 'var', 'var/etcd', 'wals'):
            os.mkdir('%s/%s' % (self.root, name), 0o755)
        self.parent = self.root + '/var/etcd'
        self.data_dir = self.parent + '/data'
        self.wal_dir = self.root + '/wals/wal' if wal else None
        # etcd makes its WAL there by a rename, so that directory is its own in both cases.
        self.give(self.root + '/wals')
        if by == 'etcd':
            self.give(self.parent)
        if mount:
            os.mkdir(self.data_dir, 0o700)
            self.give(self.data_dir)
            self._put(test, 'etcd_medic_host.place.is_mount', lambda path: path == self.data_dir)
        self.data = self.data_dir + '/member' if mount else self.data_dir
        self.settings_file = self.root + '/etc/default/etcd'
        self.etcd = SimpleNamespace(name='etcd', runtime='systemd', unit=UNIT, data_dir=self.data_dir, wal_dir=self.wal_dir, settings_style='environment-file',
                                    settings_file=self.settings_file, tools={'etcd': None, 'etcdctl': None, 'etcdutl': None}, allow=('look', 'restore', 'replace',
                                    'stop-and-start', 'v2', 'fetch-database'), account=self.account, demand=lambda *_groups: None)
        systemctl = self.root + '/systemctl'
        self.write(systemctl, SYSTEMCTL % (self.root, UNIT, self.root + '/own'))
        os.chmod(systemctl, 0o755)
        self.write(self.root + '/lib/' + UNIT, '[Service]\nUser=%s\nEnvironmentFile=-%s\nExecStart=/usr/bin/etcd\n' % (self.account.user, self.settings_file))
        self.write(self.settings_file, 'ETCD_DATA_DIR=%s\nETCD_NAME=etcd01\nETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=t\n' % self.data_dir)
        self.systemd(active='active', pid='0', load='loaded', file='enabled')
        self._put(test, 'etcd_medic_host.units.SYSTEMCTL', systemctl)
        self._put(test, 'etcd_medic_host.units.OWN_DIRECTORY', self.root + '/own')
        self._put(test, 'etcd_medic_host.units.LOAD_PATH', (self.root + '/own', self.root + '/lib'))
        drop_in = (self.root + '/run/force.d', self.root + '/run/force.d/force.conf')
        self._put(test, 'etcd_medic_host.units.force_drop_in', lambda _unit: drop_in)
        self._put(test, 'etcd_medic_host.edits.ADMINISTRATORS', self.root + '/')

    @staticmethod
    def _put(test, name, value):
        patch = mock.patch(name, value)
        patch.start()
        test.addCleanup(patch.stop)

    def give(self, *paths):
        """To etcd's user."""
        if IS_ROOT:
            for path in paths:
                os.chown(path, self.account.uid, self.account.gid)

    @staticmethod
    def write(path, text):
        with open(path, 'w') as file:
            file.write(text)

    @staticmethod
    def read(path):
        with open(path) as file:
            return file.read()

    def systemd(self, **files):
        for name, text in files.items():
            self.write('%s/unit/%s' % (self.root, name), text + '\n')

    def calls(self):
        """What systemctl was told to change."""
        try:
            lines = self.read(self.root + '/unit/calls').split('\n')
        except FileNotFoundError:
            return []
        return [line for line in lines if line and not line.startswith('show')]

    def fenced(self):
        """As the act `fence` leaves it."""
        os.symlink('/dev/null', '%s/own/%s' % (self.root, UNIT))
        self.systemd(active='inactive', pid='0', load='masked', file='masked')

    def directory(self, path, full=True):
        """A directory of etcd's, with something in it."""
        os.mkdir(path, 0o700)
        if full:
            os.mkdir(path + '/inner', 0o700)
            self.give(path + '/inner')
        self.give(path)
        return identity(path)

    def targets(self):
        return ([self.wal_dir] if self.wal_dir else []) + [self.data]

    def state(self, run=RUN):
        return state.State(self.etcd, run)

    def do(self, act, run=RUN, limit=None):
        """As the program does it: decides, then carries out; gives the command lines of what was done."""
        left = act.decide(self.state(run))
        for one in left[:limit]:
            answer = one.perform(())
            if answer.exit != 0:
                raise AssertionError('%s: %s' % (one.argv, answer.text))
        return [one.argv for one in left[:limit]]

    def layout(self):
        """{path: identity} of every directory beside the data."""
        places = {os.path.dirname(target) for target in self.targets()}
        return {'%s/%s' % (place, name): identity('%s/%s' % (place, name)) for place in places for name in os.listdir(place)}


def stopped(test):
    """Asks no systemctl: a unit that is down, for tests that are about names alone."""
    unit = SimpleNamespace(name=UNIT, masked=True, masked_on_disk=True, is_down=True, has_own_file=False, is_set_aside=False, files=[], directives=[])
    patch = mock.patch('etcd_medic_host.units.Unit', lambda _name: unit)
    patch.start()
    test.addCleanup(patch.stop)


def identity(path):
    """What tells a directory under any name."""
    facts = os.lstat(path)
    return '%d:%d' % (facts.st_dev, facts.st_ino)


def unshared(test):
    """In a mount namespace of its own, in a child: what it mounts is nobody else's. For root."""
    def run(self):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if ctypes.CDLL(None).unshare(0x00020000) != 0 or os.system('mount --make-rprivate /') != 0:
                    code = 77
                else:
                    test(self)
                    code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        code = os.WEXITSTATUS(os.waitpid(child, 0)[1])
        if code == 77:
            self.skipTest('root may not mount in this container (no CAP_SYS_ADMIN)')
        self.assertEqual(code, 0)
    run.__name__ = test.__name__
    return run


class Program:
    """The program itself, as a child that answers one channel about this host."""

    def __init__(self, test, host, **patches):
        self.log, self.fence, self.host, self.test = host.root + '/log', host.root + '/fence', host, test
        source, self.to_host = os.pipe()
        self.from_host, sink = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                os.close(self.to_host)
                os.close(self.from_host)
                self._answer(source, sink, patches)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(source)
        os.close(sink)
        self.lines = os.fdopen(self.from_host, 'rb')
        self.open, self.last = True, 0
        test.addCleanup(self.end)

    def _answer(self, source, sink, patches):
        from etcd_medic_host import description, fence, journal, main, wire
        for function, defaults in ((journal.Journal.__init__, (self.log,)), (fence.Fence.__init__, (self.fence, time.monotonic))):
            function.__defaults__ = defaults
        description.read = lambda: {'etcd': self.host.etcd}
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        for name, value in patches.items():
            module, _, attribute = name.partition('__')
            setattr(importlib.import_module('etcd_medic_host.' + module), attribute, value)
        try:
            main.serve(wire.Wire(source, sink))
        except wire.Gone:
            pass

    def write(self, data):
        while data:
            data = data[os.write(self.to_host, data):]

    def send(self, verb, arguments=None, run=None, epoch=None, **more):
        self.last += 1
        request = {'protocol': 1, 'id': self.last, 'verb': verb, 'etcd': 'etcd', 'arguments': arguments or {}}
        request.update({} if run is None else {'run': run}, **({} if epoch is None else {'epoch': epoch}))
        request.update(more)
        self.write(json.dumps(request).encode('ascii') + b'\n')

    def line(self):
        """The next answer; None at the end."""
        line = self.lines.readline()
        return json.loads(line.decode('ascii')) if line else None

    def answers(self):
        """All lines up to the last of a request."""
        found = []
        while True:
            line = self.line()
            if line is None:
                return found
            found.append(line)
            if 'done' in line or 'error' in line:
                return found

    def ask(self, verb, arguments=None, **more):
        self.send(verb, arguments, **more)
        return self.answers()[-1]

    def do(self, act, approved=None, run=RUN, epoch=1):
        arguments = {'act': act} if approved is None else {'act': act, 'approved': approved}
        self.send('do', arguments, run=run, epoch=epoch)
        return self.answers()

    def planned(self, *acts, **more):
        return self.ask('plan', {'acts': list(acts)}, **dict({'run': RUN}, **more))['done']['plans']

    def logged(self):
        with open(self.log) as file:
            return [json.loads(line) for line in file]

    def hang_up(self):
        if self.open:
            os.close(self.to_host)
            self.open = False

    def end(self):
        """Its exit code."""
        if self.pid:
            self.hang_up()
            self.lines.close()
            self.code, self.pid = os.waitpid(self.pid, 0)[1], 0
        return self.code
