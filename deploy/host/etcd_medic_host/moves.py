"""
The acts that move data: in, aside and back, and what is deleted. Each decides from what lies there what is left to do; nothing left is done.

`present`, `incoming` and `aside` of a target (the data, or the WAL's directory):

| present | incoming | aside | what happened                                    | then                             |
|---------|----------|-------|--------------------------------------------------|----------------------------------|
| yes     | yes      | no    | nothing yet                                      | move aside, move in              |
| no      | yes      | yes   | cut between the two renames                      | move in                          |
| yes     | no       | yes   | all of it                                        | nothing                          |
| no      | yes      | no    | the member had lost its data, or a run was cut   | an empty one stands in, move in  |
| yes     | yes      | yes   | something made a data-dir after the first rename | refuse                           |
| else                                                                          | refuse                           |

The stand-in makes "all of it" tell itself from "nothing was restored".
"""
from . import operations
from .refused import Refused

MYPY = False
if MYPY:
    from typing import Any, Callable, Dict, List

    from .operations import Operation
    from .state import State


class Refusal(Exception):
    """Why an act is not done, in words."""


def _exchange(state: 'State', target: str, incoming: str, aside: str, nothing_in: str) -> 'List[Operation]':
    present, ready, kept = state.there(target), state.there(incoming), state.there(aside)
    if ready and (state.entry(incoming) or {}).get('type') != 'directory':
        raise Refusal('%s is no directory' % incoming)
    if ready and present and kept:
        raise Refusal('there is %s although the old one was moved aside already: something made it since' % target)
    if ready and present:
        return [operations.rename(state, target, aside), operations.rename(state, incoming, target)]
    if ready:
        first = _owned(state, aside) if kept else operations.make_directory(state, aside)
        return first + [operations.rename(state, incoming, target)]
    if present and kept:
        return []
    if kept:
        raise Refusal('what was to go into %s is gone, and so is what was there; that is still aside, in %s' % (target, aside))
    raise Refusal(nothing_in if present else 'there is neither %s nor anything to put there' % target)


def _owned(state: 'State', path: str) -> 'List[Operation]':
    """The `chown` that a cut has left out."""
    entry, account = state.entry(path) or {}, state.etcd.account
    owned = (entry['user'], entry['group'], entry['mode']) == (account.user, account.group, '700')
    return [] if owned or not entry['empty'] else [operations.own_directory(state, path)]


def _each(state: 'State', work: 'Callable[[str], List[Operation]]') -> 'List[Operation]':
    state.place.demand()
    found = []
    for target in state.place.targets:
        found += work(target)
    return found + [operations.to_disk(state, target) for target in state.place.targets] if found else []


def fenced(state: 'State') -> None:
    """Raises Refused unless etcd is stopped and cannot come back, as far as this host can tell."""
    from . import processes
    reasons = [] if state.unit.is_down else ['%s is %s' % (state.unit.name, state.unit.active)]
    reasons += [] if state.unit.masked else ['%s is not masked' % state.unit.name]
    mine, tools, _ = processes.of(state.etcd, [])
    reasons += ['an etcd process runs (pid %s)' % ', '.join(map(str, mine))] if mine else []
    reasons += ['a tool of etcd is at work (pid %s)' % ', '.join(map(str, tools))] if tools else []
    if reasons:
        raise Refused('FENCE_FAILED', 'Nothing was moved, because etcd is not proven to be stopped: %s.' % '; '.join(reasons))


class Swap:
    """The data-dir aside and the restored one into its place."""
    groups = ('restore',)
    destroys = True
    demand = staticmethod(fenced)

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        pass

    def decide(self, state: 'State') -> 'List[Operation]':
        place = state.place
        return _each(state, lambda target: _exchange(state, target, place.path(state.run, 'restored', target), place.path(state.run, 'aside', target),
                                                     'there is no restored data to put in'))


class PutBack:
    """Undoes a swap: what an earlier run moved aside goes back, what is there now goes aside."""
    groups = ('restore',)
    destroys = True
    demand = staticmethod(fenced)

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        self.of_run = arguments['of_run']

    def decide(self, state: 'State') -> 'List[Operation]':
        place = state.place
        # Data that members have written to is never under a name that a clean-up removes.
        kind = 'undone' if self.of_run == state.run else 'aside'
        return _each(state, lambda target: _exchange(state, target, place.path(self.of_run, 'aside', target), place.path(state.run, kind, target),
                                                     'nothing is kept that could go back into its place'))


class PutAside:
    """The data-dir aside and an empty one into its place, for a member that is to get its data from the others."""
    groups = ('replace', 'restore')
    destroys = True
    demand = staticmethod(fenced)

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        pass

    def decide(self, state: 'State') -> 'List[Operation]':
        return _each(state, lambda target: self._target(state, target))

    def _target(self, state: 'State', target: str) -> 'List[Operation]':
        aside = state.place.path(state.run, 'aside', target)
        present = state.entry(target)
        first = []
        if not state.there(aside):
            first = [operations.rename(state, target, aside)] if present else operations.make_directory(state, aside)
            present = None
        else:
            first = _owned(state, aside)
        # etcd makes the directory of its WAL itself, by a rename: it would take an empty one for somebody else's.
        if target != state.place.data:
            return first
        if present is None:
            return first + operations.make_directory(state, target)
        if not present['empty']:
            raise Refusal('there is data in %s although the old data was moved aside already: something put it there since' % target)
        return first + _owned(state, target)


def _there(state: 'State', kind: str) -> 'List[str]':
    """What this run has left here of that kind, the WAL's first."""
    paths = [state.place.path(state.run, kind, target) for target in state.place.targets]
    return [path for path in paths if state.there(path)]


class MakeDataDir:
    """An empty data-dir of etcd's own where there is none: where root owns the parent, etcd could not make it."""
    groups = ('replace',)
    destroys = False

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        pass

    def decide(self, state: 'State') -> 'List[Operation]':
        state.place.demand()
        if state.there(state.place.data):
            return _owned(state, state.place.data)
        return operations.make_directory(state, state.place.data) + [operations.to_disk(state, state.place.data)]


class DeleteAside:
    """What this run moved aside, for good; refused while it is the only data there is."""
    groups = ('restore', 'replace')
    destroys = True

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        pass

    def decide(self, state: 'State') -> 'List[Operation]':
        state.place.demand()
        place, found = state.place, _there(state, 'aside')
        present = state.entry(place.data)
        if found and (present is None or present['empty']):
            raise Refusal('%s is %s, so %s is the only data left' % (place.data, 'not there' if present is None else 'empty', found[-1]))
        return [operations.remove(state, path) for path in found]


class RemoveRestored:
    """The restored data of a run that will not put it in place; refused once the old data is aside: then it is needed."""
    groups = ('restore', 'v2')
    destroys = False

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        pass

    def decide(self, state: 'State') -> 'List[Operation]':
        state.place.demand()
        found = _there(state, 'restored')
        if found and _there(state, 'aside'):
            raise Refusal('the old data is aside already, so %s may be needed' % found[-1])
        return [operations.remove(state, path) for path in found]


class RemoveScratch:
    """The handed-over file and half-made directories of this run; never a data-dir."""
    groups = ('restore', 'v2')
    destroys = False

    def __init__(self, arguments: 'Dict[str, Any]') -> None:
        pass

    def decide(self, state: 'State') -> 'List[Operation]':
        state.place.demand()
        place = state.place
        snapshot = place.path(state.run, 'snapshot')
        files = [path for path in (snapshot + '.part', snapshot) if state.there(path)]
        halves = [place.path(state.run, 'restored', target) + '.part' for target in place.targets]
        return ([operations.remove(state, path, directory=False) for path in files]
                + [operations.remove(state, path) for path in halves if state.there(path)])
