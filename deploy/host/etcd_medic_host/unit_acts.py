"""The acts on etcd's unit: stopped so that nothing revives it, started, its settings changed."""
import os

from . import edits, operations, trees, units
from .moves import Refusal
from .operations import Operation, command, nothing
from .settings import resolved
from .users import as_user

MYPY = False
if MYPY:
    from typing import Any, Callable, Dict, List, Tuple

    from .state import State

STOP_SECONDS = 300


def reload() -> 'Operation':
    return command([units.SYSTEMCTL, 'daemon-reload'])


def mask(state: 'State') -> 'List[Operation]':
    """
    For good. `systemctl mask` refuses when a real file lies in /etc/systemd/system, and a mask in /run loses to it: then the file is copied beside
    itself first, and the link to /dev/null takes its place in one rename, so that at every moment there is either the unit or its mask.
    """
    unit = state.unit.name

    def masked(later: 'State') -> None:
        later.masked = later.masked_on_disk = True
        later.set_aside = later.set_aside or later.own_file
        later.own_file = False
    if state.masked:
        return []
    if state.masked_on_disk:
        return [command([units.SYSTEMCTL, 'daemon-reload'], masked)]
    if not state.own_file:
        return [command([units.SYSTEMCTL, 'mask', unit], masked)]
    own, aside = units.own_file(unit), units.set_aside_file(unit)
    return [Operation(['cp', '-aT', own, aside], lambda _held: trees.copy_beside(own, aside), nothing),
            Operation(['ln', '-sfT', '/dev/null', own], lambda _held: _link(own), nothing),
            command([units.SYSTEMCTL, 'daemon-reload'], masked)]


def _link(path: str) -> None:
    directory, name = trees.split(path)
    fd = trees.opened(directory)
    try:
        trees.put_link(fd, name, '/dev/null')
    finally:
        os.close(fd)


def unmask(state: 'State') -> 'List[Operation]':
    """A unit file that was set aside is renamed over the mask; `systemctl unmask` would delete what lies there."""
    unit = state.unit.name

    def unmasked(later: 'State') -> None:
        later.own_file = later.own_file or later.set_aside
        later.masked = later.masked_on_disk = later.set_aside = False
    if state.set_aside and not state.own_file:
        own, aside = units.own_file(unit), units.set_aside_file(unit)
        return [Operation(['mv', '-T', aside, own], lambda _held: os.rename(aside, own), nothing), command([units.SYSTEMCTL, 'daemon-reload'], unmasked)]
    if state.masked or state.masked_on_disk:
        return [command([units.SYSTEMCTL, 'unmask', unit], unmasked)]

    def known(later: 'State') -> None:
        later.unit.needs_reload = later.unit.known_as_masked = False
    # A cut between the rename and the reload leaves a unit that systemd still takes for masked, and does not start.
    stale = state.unit.needs_reload or state.unit.known_as_masked
    return [command([units.SYSTEMCTL, 'daemon-reload'], known)] if stale else []


def stop(state: 'State') -> 'List[Operation]':
    def stopped(later: 'State') -> None:
        later.down = True
    return [command([units.SYSTEMCTL, 'stop', state.unit.name], stopped, seconds=STOP_SECONDS)]


def reset_failed(state: 'State') -> 'Operation':
    """Forgets a start limit that was hit; it says 1 when there is nothing to forget."""
    return command([units.SYSTEMCTL, 'reset-failed', state.unit.name], accepts=(0, 1))


def start(state: 'State') -> 'List[Operation]':
    """Without waiting: the unit is Type=notify and etcd says it is ready when it has a leader, for which it needs the others."""
    return [reset_failed(state), command([units.SYSTEMCTL, 'start', '--no-block', state.unit.name], started)]


def started(later: 'State') -> None:
    later.down = False


def restart(state: 'State') -> 'List[Operation]':
    return [reset_failed(state), command([units.SYSTEMCTL, 'restart', '--no-block', state.unit.name], started)]


class Act:
    groups: 'Tuple[str, ...]' = ('stop-and-start',)
    destroys = False

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        self.arguments = arguments


class Fence(Act):
    """First the mask, then the stop: nothing can revive it in between."""
    groups = ('restore', 'replace')
    destroys = True

    def decide(self, state: 'State') -> 'List[Operation]':
        masking = mask(state)
        return masking + ([] if state.down and state.masked else stop(state))


class UnmaskStart(Act):
    groups = ('stop-and-start', 'restore', 'replace')

    def decide(self, state: 'State') -> 'List[Operation]':
        return unmask(state) + (start(state) if state.down else [])

    def done(self, state: 'State') -> bool:
        """Whether it comes up is for who asked to see: it may need the others."""
        return not unmask(state)


class Stop(Act):
    def decide(self, state: 'State') -> 'List[Operation]':
        return [] if state.down else stop(state)


class Restart(Act):
    """Not idempotent: done twice, etcd is restarted twice."""
    repeats = True

    def decide(self, state: 'State') -> 'List[Operation]':
        return restart(state)


class SetSettings(Act):
    """Changes only how a member finds its cluster. Keeps a copy of the file beside it, and renews that copy whenever it changes something."""
    groups = ('restore', 'replace')

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        self.wanted = edits.wanted_of(arguments)
        self.difference = ''

    def decide(self, state: 'State') -> 'List[Operation]':
        if edits.stands(state.settings, state.unit, self.wanted) is None:
            return []
        edit = edits.edit_of(state.settings, state.etcd, state.unit, self.wanted)
        self.difference = edit.difference()
        if edit.after == edit.before:
            return [reload()]
        account, path, copy = state.etcd.account, edit.path, edits.copy_name(edit.path, self.wanted)
        real, who = resolved(path, account)
        by_root = who == 'root'

        def perform(work: 'Callable[[], Any]') -> 'Any':
            return work() if by_root else as_user(account, work)

        def changed(later: 'State') -> None:
            later.settings = later.settings.with_text(path, edit.after)

        def known(later: 'State') -> None:
            later.unit.needs_reload = False
        data = edit.after.encode('utf-8', 'surrogateescape')
        by = operations.ROOT if by_root else operations.ETCD
        return [Operation(['cp', '-aT', path, copy], lambda _held: perform(lambda: _copy(path, real, copy)), nothing, by),
                Operation(edit.command(), lambda _held: perform(lambda: trees.write_over(real, data)), changed, by),
                command([units.SYSTEMCTL, 'daemon-reload'], known)]


def _copy(path: str, real: str, copy: str) -> None:
    """The text of a link's file, kept beside the link."""
    if real == path:
        trees.copy_beside(path, copy)
    else:
        trees.put_copy(real, copy)


class Force(Act):
    """`--force-new-cluster` for the next start, by a drop-in that a reboot forgets."""
    groups = ('v2',)

    def decide(self, state: 'State') -> 'List[Operation]':
        directory, path = units.force_drop_in(state.unit.name)
        if state.settings.style == 'config-file':
            raise Refusal('etcd reads a YAML --config-file and ignores its environment, so force-new-cluster cannot be set for one start alone')
        if state.force_set:
            return []

        def set_it(later: 'State') -> None:
            later.force_set = True
        text = '[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\n'
        return [Operation(['mkdir', '-p', '-m', '755', directory], lambda _held: _directory(directory), nothing),
                Operation(['sed', '-n', '-e', r's/.*/[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true/w' + path, '/proc/version'],
                          lambda _held: _drop_in(path, text), nothing),
                command([units.SYSTEMCTL, 'daemon-reload'], set_it)]


def _directory(path: str) -> None:
    if not os.path.isdir(path):
        os.makedirs(path, 0o755)
        os.chmod(path, 0o755)  # noqa: S103 -- as systemd's own


def _drop_in(path: str, text: str) -> None:
    with open(path + '.tmp', 'w') as file:
        file.write(text)
    os.chmod(path + '.tmp', 0o644)
    os.rename(path + '.tmp', path)


class Unforce(Act):
    """The drop-in away, and a restart where etcd still runs with it."""
    groups = ('v2',)
    repeats = True

    def decide(self, state: 'State') -> 'List[Operation]':
        from .look import runs_with_force
        _, path = units.force_drop_in(state.unit.name)
        found = []

        def cleared(later: 'State') -> None:
            later.force_set = False
        if state.force_set or state.unit.forced:
            found = [Operation(['rm', '-f', path], lambda _held: trees.remove(path) if os.path.lexists(path) else None, nothing),
                     command([units.SYSTEMCTL, 'daemon-reload'], cleared)]
        if runs_with_force(state.unit.main_pid) or (found and not state.down):
            found += restart(state)
        return found
