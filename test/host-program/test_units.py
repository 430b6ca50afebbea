"""etcd's unit: its files, its state, masked and unmasked, cut after each operation."""
import os
import unittest
from types import SimpleNamespace

from etcd_medic_host import texts, unit_acts, units
from etcd_medic_host.moves import Refusal
from etcd_medic_host.refused import Refused
from etcd_medic_host.session import Session
from support import UNIT, Host, dice

FENCE, START, STOP, RESTART = (one({}) for one in (unit_acts.Fence, unit_acts.UnmaskStart, unit_acts.Stop, unit_acts.Restart))


class Files(unittest.TestCase):
    def files(self):
        """A host without a unit."""
        host = Host(self)
        os.unlink('%s/lib/%s' % (host.root, UNIT))
        return host

    def texts(self, host, unit=UNIT):
        return [text for _, text in units.unit_files(unit)]

    def put(self, host, path, text):
        path = '%s/%s' % (host.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        host.write(path, text)

    def test_takes_the_administrators_file_before_the_packages(self):
        host = self.files()
        self.put(host, 'lib/' + UNIT, 'packaged')
        self.put(host, 'own/' + UNIT, 'own')
        self.assertEqual(self.texts(host), ['own'])

    def test_looks_behind_a_mask(self):
        host = self.files()
        self.put(host, 'lib/' + UNIT, 'packaged')
        os.symlink('/dev/null', '%s/own/%s' % (host.root, UNIT))
        self.assertEqual(self.texts(host), ['packaged'])
        self.put(host, 'own/%s.masked-by-etcd-medic' % UNIT, 'own')
        self.assertEqual(self.texts(host), ['own'])

    def test_takes_no_copy_that_was_left_aside_for_the_file_that_stands(self):
        host = self.files()
        self.put(host, 'own/%s.masked-by-etcd-medic' % UNIT, 'old')
        self.put(host, 'own/' + UNIT, 'new')
        self.assertEqual(self.texts(host), ['new'])

    def test_orders_drop_ins_by_name_and_lets_etc_replace_one_of_usr(self):
        host = self.files()
        for path, text in [(UNIT, 'unit'), (UNIT + '.d/20-b.conf', 'b of usr'), (UNIT + '.d/10-a.conf', 'a')]:
            self.put(host, 'lib/' + path, text)
        for path, text in [(UNIT + '.d/20-b.conf', 'b of etc'), (UNIT + '.d/20-b.conf.bak', 'none')]:
            self.put(host, 'own/' + path, text)
        self.assertEqual(self.texts(host), ['unit', 'a', 'b of etc'])

    def test_knows_the_template_of_an_instance(self):
        host = self.files()
        self.put(host, 'lib/etcd@.service', 'template')
        self.put(host, 'own/etcd@main.service.d/x.conf', 'of main')
        self.put(host, 'lib/etcd@.service.d/x.conf', 'of all')
        self.assertEqual(self.texts(host, 'etcd@main.service'), ['template', 'of main'])
        self.assertEqual(units.names_of('etcd@main.service'), ('etcd@main.service', 'etcd@.service'))

    def test_takes_no_directory_or_pipe_for_a_file(self):
        host = self.files()
        os.mkdir('%s/own/%s' % (host.root, UNIT))
        os.mkfifo('%s/lib/%s' % (host.root, UNIT))
        self.assertEqual(self.texts(host), [])


class State(unittest.TestCase):
    def test_a_mask_is_one_when_disk_and_systemd_agree(self):
        for load, on_disk, masked in [('masked', True, True), ('loaded', True, False), ('masked', False, False)]:
            host = Host(self)
            if on_disk:
                os.symlink('/dev/null', '%s/own/%s' % (host.root, UNIT))
            host.systemd(load=load)
            unit = units.Unit(UNIT)
            self.assertEqual((unit.masked, unit.masked_on_disk, texts.last_of(unit.directives, 'User').value), (masked, on_disk, host.account.user))

    def test_down_is_down_without_a_process(self):
        for active, pid, down in [('inactive', '0', True), ('failed', '0', True), ('deactivating', '0', False), ('inactive', '7', False), ('active', '7', False), ('activating', '0', False)]:
            host = Host(self)
            host.systemd(active=active, pid=pid)
            self.assertEqual(units.Unit(UNIT).is_down, down, active)

    def test_refuses_an_answer_that_is_none(self):
        host = Host(self)
        for text in ('#!/bin/sh\necho no', '#!/bin/sh\necho ActiveState=active', '#!/bin/sh\nprintf "ActiveState=active\\nMainPID=x\\n"', '#!/bin/sh\nexit 1'):
            host.write(host.root + '/systemctl', text)
            with self.assertRaises(Refused) as caught:
                units.Unit(UNIT)
            self.assertEqual(caught.exception.code, 'HOST_OUTPUT_UNKNOWN')


class Acts(unittest.TestCase):
    def unit_of(self, own):
        host = Host(self)
        if own:
            os.rename('%s/lib/%s' % (host.root, UNIT), '%s/own/%s' % (host.root, UNIT))
        return host

    def stands(self, host):
        """What is asked of a unit at the end: how it is, and whether its own file is what it was."""
        unit = units.Unit(UNIT)
        return unit.active, unit.masked, unit.masked_on_disk, unit.has_own_file, unit.is_set_aside, [text.replace(host.root, '') for _, text in unit.files]

    def test_fences_with_the_mask_before_the_stop(self):
        self.assertEqual([argv[1] for argv in self.unit_of(False).do(FENCE)], ['mask', 'stop'])
        self.assertEqual([os.path.basename(argv[0]) for argv in self.unit_of(True).do(FENCE)], ['cp', 'ln', 'systemctl', 'systemctl'])

    def test_keeps_a_unit_file_of_the_administrators(self):
        for own in (False, True):
            host = self.unit_of(own)
            before = self.stands(host)
            host.do(FENCE)
            self.assertEqual(self.stands(host)[:3] + self.stands(host)[5:], ('inactive', True, True, before[5]))
            self.assertEqual(host.do(FENCE), [])
            host.do(START)
            self.assertEqual(self.stands(host), before)

    def test_ends_in_the_same_state_after_a_cut_anywhere(self):
        for own in (False, True):
            for first, act in ((None, FENCE), (FENCE, START), (None, STOP)):
                host = self.unit_of(own)
                if first:
                    host.do(first)
                steps = len(host.do(act))
                whole = self.stands(host)
                for cuts in [[cut] for cut in range(1, steps)] + [[1] * steps]:
                    with self.subTest(own=own, act=type(act).__name__, cuts=cuts):
                        host = self.unit_of(own)
                        if first:
                            host.do(first)
                        for cut in cuts:
                            host.do(act, limit=cut)
                            self.assertEqual(self.stands(host)[5], whole[5], 'the unit file was lost')
                        host.do(act)
                        self.assertEqual(self.stands(host), whole)
                        self.assertEqual(host.do(act), [])

    def test_is_not_content_with_a_mask_that_systemd_does_not_know(self):
        host = Host(self)
        os.symlink('/dev/null', '%s/own/%s' % (host.root, UNIT))
        self.assertEqual([argv[1] for argv in host.do(FENCE)], ['daemon-reload', 'stop'])
        self.assertTrue(units.Unit(UNIT).masked)

    def test_starts_a_unit_that_systemd_takes_for_masked_although_it_is_not(self):
        # As a cut leaves it between the file that is put back and the reload.
        host = self.unit_of(True)
        host.do(FENCE)
        host.do(START, limit=1)
        self.assertIn('daemon-reload', [argv[1] for argv in host.do(START) if 'systemctl' in argv[0]])
        self.assertEqual(units.Unit(UNIT).active, 'active')

    def test_starts_and_restarts_without_waiting(self):
        host = Host(self)
        self.assertEqual([argv[1:] for argv in host.do(RESTART)], [['reset-failed', UNIT], ['restart', '--no-block', UNIT]])
        host.systemd(active='failed')
        self.assertEqual([argv[1:] for argv in host.do(START)], [['reset-failed', UNIT], ['start', '--no-block', UNIT]])
        self.assertEqual(host.do(START), [])

    def test_a_plan_foretells_what_is_done_one_act_after_the_other(self):
        random = dice(self)
        for number in range(25):
            host = self.unit_of(random.random() < 0.5)
            chosen = [random.choice([FENCE, START, STOP]) for _ in range(4)] + [START, RESTART, STOP]
            state = host.state()
            planned = [[one.argv for one in Session._decided(act, state, assume=True)] for act in chosen]
            with self.subTest(number=number, acts=[type(act).__name__ for act in chosen]):
                self.assertEqual(planned, [host.do(act) for act in chosen])

    def test_says_which_command_failed(self):
        host = Host(self)
        host.write('%s/own/%s' % (host.root, UNIT), '[Service]\nExecStart=/e\n')
        answer = unit_acts.command([units.SYSTEMCTL, 'mask', UNIT]).perform(())
        self.assertEqual((answer.exit, 'already exists' in answer.text), (1, True))


class Force(unittest.TestCase):
    def test_is_set_for_the_next_start_and_taken_away(self):
        host = Host(self)
        force, unforce = unit_acts.Force({}), unit_acts.Unforce({})
        path = units.force_drop_in(UNIT)[1]
        self.assertEqual(len(host.do(force)), 3)
        self.assertEqual((host.read(path), oct(os.stat(path).st_mode & 0o777)), ('[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\n', '0o644'))
        self.assertEqual(host.do(force), [])
        self.assertEqual([argv[:2] for argv in host.do(unforce)][0], ['rm', '-f'])
        self.assertFalse(os.path.lexists(path))
        host.systemd(active='inactive')
        self.assertEqual(host.do(unforce), [])

    def test_is_refused_where_etcd_reads_no_environment(self):
        host = Host(self)
        state = host.state()
        state.settings = SimpleNamespace(style='config-file')
        self.assertRaises(Refusal, unit_acts.Force({}).decide, state)


if __name__ == '__main__':
    unittest.main()
