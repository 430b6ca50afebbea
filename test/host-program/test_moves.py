"""The acts that move data: each row of their table, cut after each operation and done again, and no move without proof."""
import os
import unittest
from unittest import mock

from etcd_medic_host import moves, session, trees
from etcd_medic_host.refused import Refused

from support import OTHER_RUN, RUN, Host, dice, needs_root, stopped

SWAP, BACK, OWN_BACK = moves.Swap({}), moves.PutBack({'of_run': OTHER_RUN}), moves.PutBack({'of_run': RUN})
ASIDE, MAKE, DELETE = moves.PutAside({}), moves.MakeDataDir({}), moves.DeleteAside({})
RESTORED, SCRATCH = moves.RemoveRestored({}), moves.RemoveScratch({})

# present, incoming, aside: what is done to one target, by the last words of the names, or why nothing is.
EXCHANGE = [
    ((1, 1, 0), ['aside', 'in']), ((0, 1, 1), ['in']), ((1, 0, 1), []), ((0, 1, 0), ['stand-in', 'in']),
    ((1, 1, 1), 'something made it since'), ((1, 0, 0), None), ((0, 0, 1), 'is gone, and so is what was there'), ((0, 0, 0), 'neither'),
]
KINDS = [{'wal': wal, 'mount': mount} for wal in (False, True) for mount in (False, True)]


class Moves(unittest.TestCase):
    by = 'etcd'

    def setUp(self):
        stopped(self)

    def host(self, **kind):
        return Host(self, by=self.by, **kind)

    def kinds(self):
        """The data alone, a mount point, the WAL apart, and both of these."""
        for kind in KINDS:
            with self.subTest(by=self.by, **kind):
                yield kind

    def hosts(self):
        for kind in self.kinds():
            yield self.host(**kind)

    def names(self, host, target, act):
        """Of what goes in and of what goes aside."""
        place = host.state().place
        if act is SWAP:
            return place.path(RUN, 'restored', target), place.path(RUN, 'aside', target)
        if act is BACK:
            return place.path(OTHER_RUN, 'aside', target), place.path(RUN, 'aside', target)
        return place.path(RUN, 'aside', target), place.path(RUN, 'undone', target)

    def lay(self, host, row, act):
        for target in host.targets():
            for there, path in zip(row, (target,) + self.names(host, target, act)):
                if there:
                    host.directory(path)

    def told(self, host, argvs, act):
        """Command lines in the words of the table, by target."""
        found = {target: [] for target in host.targets()}
        for argv in argvs:
            for target in host.targets():
                incoming, aside = self.names(host, target, act)
                words = {('mv', target, aside): 'aside', ('mv', incoming, target): 'in', ('mkdir', aside): 'stand-in', ('chown', aside): None,
                         ('sync', os.path.dirname(target)): None}
                key = tuple([argv[0]] + (argv[-2:] if argv[0] == 'mv' else argv[-1:]))
                if words.get(key):
                    found[target].append(words[key])
        return found

    def test_every_row_of_the_exchange(self):
        for act in (SWAP, BACK, OWN_BACK):
            for kind in self.kinds():
                for row, expected in EXCHANGE:
                    with self.subTest(act=type(act).__name__, row=row):
                        one = self.host(**kind)
                        self.lay(one, row, act)
                        before = one.layout()
                        if isinstance(expected, list):
                            for words in self.told(one, one.do(act), act).values():
                                self.assertEqual(words, expected)
                            self.assertTrue(set(before.values()) <= set(one.layout().values()))
                        else:
                            with self.assertRaises(moves.Refusal) as caught:
                                act.decide(one.state())
                            self.assertIn(expected or ('no restored data' if act is SWAP else 'nothing is kept'), str(caught.exception))
                            self.assertEqual(one.layout(), before)

    def test_puts_each_directory_where_it_belongs(self):
        for act in (SWAP, BACK, OWN_BACK):
            for host in self.hosts():
                self.lay(host, (1, 1, 0), act)
                before = host.layout()
                host.do(act)
                after = host.layout()
                for target in host.targets():
                    incoming, aside = self.names(host, target, act)
                    self.assertEqual((after[target], after[aside]), (before[incoming], before[target]))
                    self.assertNotIn(incoming, after)

    def test_moves_the_wal_before_the_data(self):
        host = self.host(wal=True)
        self.lay(host, (1, 1, 0), SWAP)
        moved = [argv[-1] for argv in host.do(SWAP) if argv[0] == 'mv']
        self.assertEqual([path.startswith(host.wal_dir) for path in moved], [True, True, False, False])

    def test_ends_in_the_same_state_after_a_cut_anywhere(self):
        cases = [(act, row) for act in (SWAP, BACK, OWN_BACK) for row in ((1, 1, 0), (0, 1, 0), (0, 1, 1))]
        cases += [(ASIDE, (1, 0, 0)), (ASIDE, (0, 0, 0)), (ASIDE, (0, 0, 1)), (MAKE, (0, 0, 0)), (DELETE, (1, 0, 1)), (RESTORED, (1, 1, 0))]
        for act, row in cases:
            for kind in self.kinds():
                whole = self.ended(self.host(**kind), act, row, [])
                steps = len(whole['done'])
                for cuts in [[cut] for cut in range(1, steps)] + [[1] * steps]:
                    with self.subTest(act=type(act).__name__, row=row, cuts=cuts):
                        self.assertEqual(self.ended(self.host(**kind), act, row, cuts)['end'], whole['end'])

    def ended(self, host, act, row, cuts):
        """Where each directory of the beginning is at the end; what is done in pieces is done once more."""
        self.lay(host, row, act if act in (SWAP, BACK, OWN_BACK) else SWAP)
        before = {found: path for path, found in host.layout().items()}
        done = []
        for cut in cuts:
            done += host.do(act, limit=cut)
            if act not in (DELETE, RESTORED):
                self.assertTrue(set(before) <= set(host.layout().values()), 'a directory was lost')
        done += host.do(act)
        self.assertEqual(host.do(act), [], 'it is not done after it was done')
        end = {}
        for path, found in host.layout().items():
            facts = os.stat(path)
            end[path[len(host.root):]] = (before.get(found, 'made')[len(host.root):] if found in before else 'made', oct(facts.st_mode), facts.st_uid,
                                          len(os.listdir(path)))
        return {'end': end, 'done': done}

    def test_put_aside_leaves_an_empty_directory_of_etcd(self):
        for host in self.hosts():
            for target in host.targets():
                host.directory(target)
            before = host.layout()
            host.do(ASIDE)
            facts = os.stat(host.data)
            self.assertEqual((facts.st_uid, facts.st_gid, oct(facts.st_mode & 0o777), os.listdir(host.data)),
                             (host.account.uid, host.account.gid, '0o700', []))
            for target in host.targets():
                self.assertEqual(host.layout()[host.state().place.path(RUN, 'aside', target)], before[target])
            # etcd makes the directory of its WAL itself.
            self.assertFalse(host.wal_dir and os.path.lexists(host.wal_dir))

    def test_put_aside_leaves_data_alone_that_came_since(self):
        host = self.host()
        host.directory(host.data)
        host.directory(host.state().place.path(RUN, 'aside'))
        before = host.layout()
        with self.assertRaises(moves.Refusal) as caught:
            ASIDE.decide(host.state())
        self.assertIn('since', str(caught.exception))
        self.assertEqual(host.layout(), before)

    def test_make_data_dir_touches_no_data(self):
        host = self.host()
        host.directory(host.data)
        self.assertEqual(host.do(MAKE), [])

    def test_delete_aside_keeps_the_only_data_there_is(self):
        for full in (None, False):
            for host in self.hosts():
                if full is False:
                    host.directory(host.data, full=False)
                for target in host.targets():
                    host.directory(host.state().place.path(RUN, 'aside', target))
                with self.assertRaises(moves.Refusal) as caught:
                    DELETE.decide(host.state())
                self.assertIn('only data left', str(caught.exception))

    def test_delete_aside_deletes_what_this_run_moved_and_no_more(self):
        for host in self.hosts():
            kept = [host.directory(path) for target in host.targets() for path in (target, host.state().place.path(OTHER_RUN, 'aside', target))]
            for target in host.targets():
                host.directory(host.state().place.path(RUN, 'aside', target))
            host.do(DELETE)
            self.assertEqual(sorted(host.layout().values()), sorted(kept))

    def test_remove_restored_is_refused_once_the_old_data_is_aside(self):
        for host in self.hosts():
            self.lay(host, (0, 1, 0), SWAP)
            host.directory(host.state().place.path(RUN, 'aside', host.targets()[0]))
            with self.assertRaises(moves.Refusal):
                RESTORED.decide(host.state())

    def test_no_clean_up_removes_data_that_a_person_went_back_from(self):
        for host in self.hosts():
            self.lay(host, (1, 1, 0), SWAP)
            host.do(SWAP)
            host.do(OWN_BACK)
            kept = sorted(host.layout().values())
            self.assertEqual([host.do(act) for act in (RESTORED, SCRATCH, DELETE)], [[], [], []])
            self.assertEqual(sorted(host.layout().values()), kept)
            self.assertEqual(len(kept), 2 * len(list(host.targets())))

    def test_remove_scratch_takes_files_and_half_made_directories_alone(self):
        for host in self.hosts():
            place = host.state().place
            kept = [host.directory(path) for target in host.targets()
                    for path in (target, place.path(RUN, 'restored', target), place.path(RUN, 'aside', target), place.path(OTHER_RUN, 'restored', target) + '.part')]
            for target in host.targets():
                host.directory(place.path(RUN, 'restored', target) + '.part')
            host.write(place.path(RUN, 'snapshot'), 'x')
            host.write(place.path(RUN, 'snapshot') + '.part', 'x')
            host.do(SCRATCH)
            self.assertEqual(sorted(host.layout().values()), sorted(kept))
            self.assertEqual(host.do(SCRATCH), [])

    def test_takes_no_move_for_done_that_was_not_made(self):
        for act in (SWAP, ASIDE):
            host = self.host()
            self.lay(host, (1, act is SWAP, 0), SWAP)
            before = host.layout()
            with mock.patch.object(trees, 'rename', lambda _source, _target: None):
                self.assertRaisesRegex(AssertionError, 'not there under that name', host.do, act)
            self.assertEqual(host.layout(), before)

    def test_takes_no_other_directory_for_the_one_that_was_moved(self):
        real = trees.rename

        def copying(source, target):
            real(source, source + '.elsewhere')
            os.mkdir(target)
        for act in (SWAP, ASIDE):
            host = self.host()
            self.lay(host, (1, act is SWAP, 0), SWAP)
            with mock.patch.object(trees, 'rename', copying):
                self.assertRaisesRegex(AssertionError, 'not there under that name', host.do, act)

    def test_refuses_a_data_dir_that_is_a_link_or_a_file(self):
        for make, words in ((lambda path: os.symlink('elsewhere', path), 'a symbolic link'), (lambda path: Host.write(path, ''), 'a file')):
            for act in (SWAP, BACK, ASIDE, MAKE, DELETE, RESTORED, SCRATCH):
                host = self.host()
                make(host.data)
                with self.assertRaises(Refused) as caught:
                    act.decide(host.state())
                self.assertIn(words, caught.exception.message)

    def test_refuses_a_wal_apart_that_lies_in_the_data(self):
        # The data would be moved away with the WAL in it, or the other way round.
        for wal_dir in ('/data/wal', '/data/member/wal', '/data'):
            host = self.host()
            host.directory(host.data)
            host.etcd.wal_dir = host.parent + wal_dir
            with self.assertRaises(Refused) as caught:
                ASIDE.decide(host.state())
            self.assertIn('lies in', caught.exception.message)

    def test_a_plan_foretells_what_is_done_one_act_after_the_other(self):
        acts = [SWAP, BACK, OWN_BACK, ASIDE, MAKE, DELETE, RESTORED, SCRATCH]
        random = dice(self)
        for number in range(60):
            kind = random.choice(KINDS)
            host = self.host(**kind)
            place = host.state().place
            for target in host.targets():
                for path in (target, place.path(RUN, 'restored', target), place.path(RUN, 'aside', target), place.path(OTHER_RUN, 'aside', target)):
                    if random.random() < 0.5:
                        host.directory(path, full=random.random() < 0.7)
            chosen = [random.choice(acts) for _ in range(4)]
            state, planned = host.state(), []
            for act in chosen:
                try:
                    planned.append([one.argv for one in session.Session._decided(act, state, assume=True)])
                except moves.Refusal as refusal:
                    planned.append(str(refusal))
            done = []
            for act in chosen:
                try:
                    done.append(host.do(act))
                except moves.Refusal as refusal:
                    done.append(str(refusal))
            with self.subTest(number=number, acts=[type(act).__name__ for act in chosen], **kind):
                self.assertEqual(planned, done)


@needs_root
class MovesInRootsDirectory(Moves):
    by = 'root'

    def test_own_the_directory_that_a_cut_left_roots(self):
        host = self.host()
        os.mkdir(host.data, 0o700)
        host.directory(host.state().place.path(RUN, 'aside'))
        self.assertEqual([argv[0] for argv in host.do(ASIDE)], ['chown', 'sync'])
        self.assertEqual(os.stat(host.data).st_uid, host.account.uid)


class Fenced(unittest.TestCase):
    def test_holds_when_the_unit_is_masked_and_down_and_no_etcd_runs(self):
        host = Host(self)
        host.fenced()
        moves.fenced(host.state())

    def test_gives_all_reasons_at_once(self):
        host = Host(self)
        found = ([41, 42], [43], [])
        with mock.patch('etcd_medic_host.processes.of', lambda _etcd, _others: found), self.assertRaises(Refused) as caught:
            moves.fenced(host.state())
        self.assertRegex(caught.exception.message, r'is active; .* is not masked; .*\(pid 41, 42\); a tool of etcd is at work \(pid 43\)')

    def test_does_not_hold_with_a_mask_that_a_reload_or_a_reboot_undoes(self):
        for properties in ({'load': 'loaded'}, {'active': 'deactivating'}, {'pid': '7'}):
            host = Host(self)
            host.fenced()
            host.systemd(**properties)
            with self.subTest(**properties):
                self.assertRaises(Refused, moves.fenced, host.state())


if __name__ == '__main__':
    unittest.main()
