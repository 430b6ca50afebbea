"""One request: allowed, fenced, recorded, done, answered."""
import errno
import json
import os
import re
import time

from . import description, fence, fetch, versions
from .journal import Journal
from .look import look
from .moves import DeleteAside, MakeDataDir, PutAside, PutBack, Refusal, RemoveRestored, RemoveScratch, Swap
from .operations import EMPTY, full
from .programs import shortened
from .refused import Refused, failed
from .restoring import Receive, Restore, V2Backup, V2Unpack, file_sha256
from .rights import Unsafe
from .state import State
from .unit_acts import Fence as FenceAct
from .unit_acts import Force, Restart, SetSettings, Stop, Unforce, UnmaskStart
from .wire import LINE_MAX_BYTES, exact

MYPY = False
if MYPY:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from .description import Etcd
    from .fence import _Held
    from .operations import Operation
    from .programs import Answer
    from .wire import Wire

ACTS = {
    'receive': Receive, 'restore': Restore, 'fence': FenceAct, 'swap': Swap, 'put-aside': PutAside, 'put-back': PutBack, 'delete-aside': DeleteAside,
    'remove-restored': RemoveRestored, 'remove-scratch': RemoveScratch, 'make-data-dir': MakeDataDir, 'settings': SetSettings, 'unmask-start': UnmaskStart,
    'stop': Stop, 'restart': Restart, 'v2-backup': V2Backup, 'v2-unpack': V2Unpack, 'v2-force': Force, 'v2-unforce': Unforce,
}
# The arguments of each act: those it must have, and those it may have.
ARGUMENTS: 'Dict[str, Tuple[Dict[str, type], Dict[str, type]]]' = {
    'receive': ({'bytes': int, 'sha256': str}, {'encoding': str}),
    'restore': ({'name': str, 'peer_url': str, 'initial_cluster': str, 'initial_cluster_token': str},
                {'bump_revision': str, 'skip_hash_check': bool, 'sha256': str}),
    'put-back': ({'of_run': str}, {}),
    'settings': ({'initial_cluster_state': str}, {'initial_cluster_token': str, 'initial_cluster': str}),
}
MANY = 64
TOGETHER = 16
# What may be asked together: nothing that changes anything, and nothing that takes bytes.
LOOKS = ('look', 'database', 'plan', 'settings-before', 'reach', 'v2-inspect')


class Session:
    """What is kept from one request to the next: host.json and what a restored database holds, each read again when its file has changed; nothing else."""

    def __init__(self, wire: 'Wire') -> None:
        self._wire = wire
        self._journal = Journal()
        self._database_read: Optional[Tuple[object, Dict[str, Any]]] = None
        self._verbs: Dict[str, Tuple[Callable[[_Asked], Any], Dict[str, type], Dict[str, type]]] = {
            'look': (self._look, {}, {'runs': list, 'sizes': bool, 'tools': bool, 'certificates': bool}),
            'database': (self._database, {'of': str}, {'of_run': str}),
            'sha256': (self._sha256, {'run_file': str}, {}),
            'settings-before': (self._settings_before,) + ARGUMENTS['settings'],
            'reach': (self._reach, {'address': str, 'port': int}, {}),
            'plan': (self._plan, {'acts': list}, {}),
            'do': (self._do, {'act': dict}, {'approved': list, 'after': list}),
            'fetch': (self._fetch, {'what': str}, {'of_run': str}),
            'v2-inspect': (self._v2_inspect, {'of_run': str}, {}),
            'several': (self._several, {'requests': list}, {}),
        }

    def answer(self, request: 'Dict[str, Any]', part: bool = False) -> 'Any':
        verb, arguments = request['verb'], request['arguments']
        if verb not in self._verbs:
            raise Refused('HOST_PROTOCOL', 'There is no verb %r here.' % verb[:40])
        work, wanted, optional = self._verbs[verb]
        exact(arguments, wanted, optional, verb)
        changes = verb == 'do'
        run, epoch = request.get('run'), request.get('epoch')
        if run is not None and not fence.RUN.match(run):
            raise Refused('HOST_PROTOCOL', 'run is no id of a run.')
        if epoch is not None and not 0 < epoch < 2 ** 62:
            raise Refused('HOST_PROTOCOL', 'epoch is none.')
        if changes and (run is None or epoch is None):
            raise Refused('HOST_PROTOCOL', 'Who changes something says in which run, and with which epoch.')
        self._note(verb=verb, run=run, epoch=epoch, act=_name_of(arguments), **({'part': True} if part else {'etcd': request['etcd'][:64]}))
        etcds = description.read()
        if request['etcd'] not in etcds:
            raise Refused('HOST_DESCRIPTION_INVALID', 'This host has no etcd called %r; it has %s.'
                          % (request['etcd'][:64], ', '.join(sorted(etcds)) or 'none'), 'Correct etcd.unit in config.yaml, or run the kit for that unit.')
        etcd = etcds[request['etcd']]
        others = [other for name, other in etcds.items() if name != etcd.name]
        etcd.demand('look')
        try:
            return work(_Asked(etcd, others, run, epoch, request['id'], arguments))
        except Unsafe as error:
            raise failed('Nothing was done: %s.' % error, 'Only root and etcd may be able to write there.')
        except OSError as error:
            # Somebody else changes names while they are looked at, or a disk is full.
            raise full(error) if error.errno in (errno.ENOSPC, errno.EDQUOT) else failed('%s: %s.' % (error.filename or verb, error.strerror or error))

    def refused(self, request: 'Dict[str, Any]', error: 'Refused', because: 'Optional[BaseException]' = None) -> None:
        """
        Recorded too, also of a line that was no request; that it could not be recorded changes nothing.
        `because`: what nobody foresaw, with where it was; for the log of this host alone.
        """
        where = None if because is None else because.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        at = {} if where is None else {'at': '%s:%d' % (os.path.basename(where.tb_frame.f_code.co_filename), where.tb_lineno),
                                       'unforeseen': '%s: %s' % (type(because).__name__, str(because)[:1000])}
        try:
            self._journal.note(verb=str(request.get('verb'))[:40], run=str(request.get('run'))[:100], refused=error.code, because=error.message[:1000], **at)
        except OSError:
            pass

    def _note(self, **fields: object) -> None:
        """Before and after whatever is done: what cannot be recorded is not done."""
        try:
            self._journal.note(**fields)
        except OSError as error:
            raise Refused('HOST_EPOCH_FAILED', 'The host cannot record what is asked of it (%s).' % (error.strerror or error),
                          'There must be room and a writable /var/log on the host; then press Retry.')

    def _several(self, asked: '_Asked') -> 'Dict[str, Any]':
        """Looks of one moment: each is allowed, recorded and answered as if it had come alone, and the refusal of one says nothing of the others."""
        return {'answers': [self._part(one) for one in self._parts(asked, asked.arguments['requests'], 'several')]}

    @staticmethod
    def _parts(asked: '_Asked', requests: 'List[Any]', of: str) -> 'List[Dict[str, Any]]':
        if not 0 < len(requests) <= TOGETHER:
            raise Refused('HOST_PROTOCOL', '%s has 1 to %d requests.' % (of, TOGETHER))
        for inner in requests:
            if not isinstance(inner, dict):
                raise Refused('HOST_PROTOCOL', 'A request is a JSON object.')
            exact(inner, {'verb': str, 'arguments': dict}, {'run': str}, 'a request of %s' % of)
            if inner['verb'] not in LOOKS:
                raise Refused('HOST_PROTOCOL', '%r is not asked together with others.' % inner['verb'][:40])
        return [dict(inner, etcd=asked.etcd.name, id=asked.id) for inner in requests]

    def _part(self, request: 'Dict[str, Any]') -> 'Dict[str, Any]':
        try:
            return {'done': self.answer(request, part=True)}
        except Refused as error:
            self.refused(request, error)
            return {'error': error.told()}

    def _look(self, asked: '_Asked') -> 'Dict[str, Any]':
        runs = asked.arguments.get('runs', [])
        if not all(isinstance(run, str) and fence.RUN.match(run) for run in runs):
            raise Refused('HOST_PROTOCOL', 'runs holds ids of runs.')
        return look(asked.etcd, asked.others, State(asked.etcd, asked.run), asked.arguments)

    def _database(self, asked: '_Asked') -> 'Optional[Dict[str, Any]]':
        state = asked.state(asked.arguments.get('of_run'))
        of = asked.arguments['of']
        if of not in ('data', 'restored', 'aside') or (of == 'data') != ('of_run' not in asked.arguments):
            raise Refused('HOST_PROTOCOL', 'of is data, restored or aside, the last two of a run.')
        directory = state.place.data if of == 'data' else state.place.path(state.run, of)
        if state.place.entry(directory) is None:
            return None
        if of == 'data':
            # etcd has its database locked, and the tool would wait for it.
            fetch.refuse_while_up(state, 'The database is not read')
        tool = versions.fitting(asked.etcd, versions.server_version(asked.etcd, state.settings.program))
        path = state.place.database(directory)
        if of == 'data':
            return versions.database(asked.etcd, tool, path)
        # The tool reads all of it, and a step asks before and after a card. What no etcd runs on is the same as long as its times are (inode(7)).
        file = os.lstat(path)
        identity = (tool, path, file.st_dev, file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns)
        if self._database_read is None or self._database_read[0] != identity:
            self._database_read = (identity, versions.database(asked.etcd, tool, path))
        return self._database_read[1]

    def _sha256(self, asked: '_Asked') -> 'Dict[str, Any]':
        state = asked.state(asked.arguments['run_file'])
        return {'sha256': file_sha256(state)}

    def _settings_before(self, asked: '_Asked') -> 'Dict[str, Any]':
        from . import edits
        from .settings import read_text
        state = State(asked.etcd, asked.run)
        wanted = edits.wanted_of(asked.arguments)
        return {'before': edits.before(state.settings, asked.etcd, state.unit, wanted, lambda path: read_text(path, asked.etcd.account))}

    def _reach(self, asked: '_Asked') -> 'Dict[str, Any]':
        from .reach import reach
        return {'reach': reach(asked.arguments['address'], asked.arguments['port'])}

    def _plan(self, asked: '_Asked') -> 'Dict[str, Any]':
        state = asked.state(asked.run)
        plans: List[Dict[str, Any]] = []
        if len(asked.arguments['acts']) > MANY:
            raise Refused('HOST_PROTOCOL', 'A plan has at most %d acts.' % MANY)
        for described in asked.arguments['acts']:
            try:
                if isinstance(described, dict) and described.get('act') in ('fetch-database', 'v2-fetch'):
                    operations = _fetch_plan(state, described['act'])
                else:
                    operations = [one.facts(asked.etcd) for one in self._decided(_act_of(described), state, assume=True)]
                plans.append({'operations': operations})
            except Refusal as refusal:
                plans.append({'refused': str(refusal)})
            except Refused as error:
                if error.code == 'HOST_PROTOCOL':
                    raise
                plans.append({'refused': error.message, 'code': error.code, 'hint': error.hint})
        return {'plans': plans}

    @staticmethod
    def _decided(act: 'Any', state: 'State', assume: bool = False) -> 'List[Operation]':
        operations = act.decide(state)
        if assume:
            for one in operations:
                one.assume(state)
        return operations

    def _do(self, asked: '_Asked') -> 'Dict[str, Any]':
        # Whatever they come to, the act is done by then: what is no request at all is refused before it.
        after = self._parts(asked, asked.arguments['after'], 'after') if 'after' in asked.arguments else []
        done = self._act(asked)
        if after:
            answers = [self._foreseen(one) for one in after]
            # One line has an end; what is left out is asked for again.
            if len(json.dumps(answers)) <= LINE_MAX_BYTES // 2:
                done['after'] = answers
        return done

    def _foreseen(self, request: 'Dict[str, Any]') -> 'Dict[str, Any]':
        try:
            return self._part(request)
        except Exception as error:
            unforeseen = failed('This could not be looked at after the act (%s); the act is done.' % type(error).__name__)
            self.refused(request, unforeseen, error)
            return {'error': unforeseen.told()}

    def _act(self, asked: '_Asked') -> 'Dict[str, Any]':
        act = _act_of(asked.arguments['act'])
        asked.etcd.demand(*act.groups)
        guard = fence.Fence(asked.etcd.name, asked.run, asked.epoch)
        guard.begin()
        name = asked.arguments['act']['act']
        if isinstance(act, Receive):
            from .receive import receive
            receive(self._wire, asked.id, act, State(asked.etcd, asked.run), guard, lambda one, begun, answer=None: self._told(asked, one, begun, answer))
            return {'result': None, 'look': look(asked.etcd, asked.others, State(asked.etcd, asked.run), {'runs': [asked.run]})}
        with guard.held('%s of %s' % (name, asked.run)) as lock:
            state = State(asked.etcd, asked.run)
            operations = self._left(act, state)
            if act.destroys:
                _approved(operations, asked.arguments.get('approved'))
            for one in operations:
                if not self._wire.alive():
                    self._note(verb='do', run=asked.run, act=name, stopped_before=one.argv)
                    raise failed('The channel ended, so nothing more was begun.')
                self._perform(asked, one, lock)
            after = State(asked.etcd, asked.run)
            self._proven(act, name, operations, after)
            return {'result': {'difference': act.difference} if isinstance(act, SetSettings) else None,
                    'look': look(asked.etcd, asked.others, after, {'runs': [asked.run]})}

    @staticmethod
    def _left(act: 'Any', state: 'State') -> 'List[Operation]':
        """What is left to do. Where something is, or something is in its way, what must hold is asked first: it says more than what is in the way."""
        try:
            operations = act.decide(state)
            if operations and hasattr(act, 'demand'):
                act.demand(state)
            return operations
        except Refusal as refusal:
            if hasattr(act, 'demand'):
                act.demand(state)
            raise failed('Nothing was done: %s.' % refusal, 'Look at %s* on the host before you press Retry.' % state.place.data)

    @staticmethod
    def _proven(act: 'Any', name: str, operations: 'List[Operation]', after: 'State') -> None:
        """Done is: nothing is left to do."""
        if not operations or getattr(act, 'repeats', False):
            return
        left = None
        try:
            done = act.done(after) if hasattr(act, 'done') else not act.decide(after)
        except (Refusal, Refused) as refusal:
            done, left = False, str(refusal)
        if not done:
            raise failed('%s was carried out, but is not done: %s.' % (name, left or 'unit %s, masked %s' % (after.unit.active, after.unit.masked)),
                         'Look at the host before you press Retry.')

    def _perform(self, asked: '_Asked', operation: 'Operation', lock: '_Held') -> None:
        begun = self._told(asked, operation, None)
        answer = operation.perform((lock.descriptor,))
        self._told(asked, operation, begun, answer)
        if answer.refused is not None:
            raise answer.refused
        if answer.exit != 0:
            raise failed('`%s` ended with %d%s' % (' '.join(operation.argv)[:300], answer.exit, _said(answer)))

    def _told(self, asked: '_Asked', operation: 'Operation', begun: 'Optional[float]', answer: 'Optional[Answer]' = None) -> float:
        """Told to the bot and recorded here, before and after. Gives when it began."""
        facts = operation.facts(asked.etcd)
        if begun is None:
            self._note(verb='do', run=asked.run, epoch=asked.epoch, begins=operation.argv, by=operation.by)
            self._wire.say({'id': asked.id, 'begins': facts})
            return time.monotonic()
        facts.update({'exit': 0 if answer is None else answer.exit, 'ms': int((time.monotonic() - begun) * 1000),
                      'output': '' if answer is None else shortened(answer.output),
                      'bytes': 0 if answer is None else answer.bytes, 'sha256': EMPTY if answer is None else answer.sha256})
        self._wire.say({'id': asked.id, 'ended': facts})
        self._note(verb='do', run=asked.run, epoch=asked.epoch, ended=operation.argv, exit=facts['exit'], ms=facts['ms'], **_because(facts))
        return begun

    def _fetch(self, asked: '_Asked') -> 'Dict[str, Any]':
        what = asked.arguments['what']
        if what == 'database' and 'of_run' not in asked.arguments:
            asked.etcd.demand('fetch-database')
            return fetch.fetch_database(self._wire, asked.id, State(asked.etcd, None))
        if what == 'v2-backup' and 'of_run' in asked.arguments:
            asked.etcd.demand('v2')
            return fetch.fetch_v2(self._wire, asked.id, asked.state(asked.arguments['of_run']))
        raise Refused('HOST_PROTOCOL', 'what is database, or v2-backup of a run.')

    def _v2_inspect(self, asked: '_Asked') -> 'Optional[Dict[str, Any]]':
        asked.etcd.demand('v2')
        return fetch.inspect_v2(asked.state(asked.arguments['of_run']))


class _Asked:
    def __init__(self, etcd: 'Etcd', others: 'List[Etcd]', run: 'Any', epoch: 'Any', request_id: int, arguments: 'Dict[str, Any]') -> None:
        self.etcd = etcd
        self.others = others
        self.run = run
        self.epoch = epoch
        self.id = request_id
        self.arguments = arguments

    def state(self, run: 'Optional[str]') -> 'State':
        if run is not None and not fence.RUN.match(run):
            raise Refused('HOST_PROTOCOL', 'That is no id of a run.')
        return State(self.etcd, run)


def _act_of(described: 'Any') -> 'Any':
    if not isinstance(described, dict) or not isinstance(described.get('act'), str) or described['act'] not in ACTS:
        raise Refused('HOST_PROTOCOL', 'There is no such act here.')
    wanted, optional = ARGUMENTS.get(described['act'], ({}, {}))
    arguments = {key: value for key, value in described.items() if key != 'act'}
    exact(arguments, wanted, optional, described['act'])
    if not fence.RUN.match(arguments.get('of_run', 'any-000000')):
        raise Refused('HOST_PROTOCOL', 'of_run is no id of a run.')
    return ACTS[described['act']](arguments)


def _approved(operations: 'List[Operation]', approved: 'Any') -> None:
    """What is left to do must be, in its order, a part of what was approved: after a cut it is less, and never anything else."""
    if not isinstance(approved, list):
        raise Refused('HOST_PROTOCOL', 'What destroys needs what was approved.')
    left = iter(approved)
    for one in operations:
        if not any(one.argv == argv for argv in left):
            raise Refused('HOST_PLAN_MOVED', 'Nothing was done: `%s` would be done now, and was not approved.' % ' '.join(one.argv)[:300],
                          'The host is not as it was when it was looked at. Press Retry: it asks for a new approval.')


def _fetch_plan(state: 'State', act: str) -> 'List[Dict[str, Any]]':
    account = state.etcd.account
    path = state.place.database(state.place.data) if act == 'fetch-database' else state.place.path(state.run, 'restored') + '.tar.gz'
    read = [['sha256sum', path], ['cat', path]]
    if act == 'v2-fetch':
        directory = state.place.path(state.run, 'restored')
        read = [['tar', '--create', '--gzip', '--sort=name', '--file=' + path, '--directory=' + directory, 'member']] + read + [['rm', '-f', path]]
    return [{'argv': argv, 'as': 'etcd', 'user': account.user, 'group': account.group, 'changes': argv[0] in ('tar', 'rm')} for argv in read]


def _name_of(arguments: 'Dict[str, Any]') -> 'Optional[str]':
    act = arguments.get('act')
    if isinstance(act, dict) and isinstance(act.get('act'), str) and re.match(r'^[a-z0-9-]{1,40}\Z', act['act']):
        return act['act']
    return None


def _because(facts: 'Dict[str, Any]') -> 'Dict[str, str]':
    return {} if facts['exit'] == 0 else {'because': facts['output'][-1000:]}


def _said(answer: 'Answer') -> str:
    lines = [line.strip() for line in answer.said.split('\n') if line.strip()]
    return ': %s' % ' '.join(lines[-3:])[:600] if lines else '.'
