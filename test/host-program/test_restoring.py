"""A restore, and a backup of API 2, by a tool that is played: in etcd's name, under its name only when it is whole, cut anywhere."""
import os
import tarfile
import unittest
from unittest import mock

from etcd_medic_host import moves, restoring, versions
from etcd_medic_host.refused import Refused
from support import RUN, Host, needs_root, stopped

ARGUMENTS = {'name': 'etcd01', 'peer_url': 'https://10.0.0.31:2380', 'initial_cluster': 'etcd01=https://10.0.0.31:2380', 'initial_cluster_token': 't'}
TOOL = '''#!/bin/sh
for word; do case $word in --data-dir=*) data=${word#*=} ;; --wal-dir=*) wal=${word#*=} ;; --backup-dir=*) to=${word#*=} ;; esac; done
if [ -n "$to" ]; then mkdir -m 700 "$to" "$to/member" "$to/member/wal"; exit; fi
echo "$@" >>"%s/calls"
mkdir -p -m 700 "$data/member/snap" && echo db >"$data/member/snap/db" && mkdir -m 700 "${wal:-$data/member/wal}" && echo wal >"${wal:-$data/member/wal}/0.wal" && id -u >"$data/member/uid"
'''


class Restoring(unittest.TestCase):
    by = 'etcd'

    def setUp(self):
        stopped(self)
        for name, value in [('server_version', lambda *_: '3.5.16'), ('fitting', lambda *_: self.tool)]:
            patch = mock.patch.object(versions, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def host(self, **kind):
        host = Host(self, by=self.by, **kind)
        path = host.root + '/etcdutl'
        host.write(path, TOOL % host.root)
        host.write(host.root + '/calls', '')
        os.chmod(host.root + '/calls', 0o666)
        os.chmod(path, 0o755)
        self.tool = {'program': 'etcdutl', 'path': path, 'version': '3.5.16', 'restores': True, 'bumps': True}
        self.snapshot = host.state().place.path(RUN, 'snapshot')
        host.write(self.snapshot, 'snapshot')
        os.chmod(self.snapshot, 0o600)
        if self.by == 'etcd':
            host.give(self.snapshot)
        return host

    def kinds(self):
        for wal in (False, True):
            for mount in (False, True):
                with self.subTest(wal=wal, mount=mount):
                    yield {'wal': wal, 'mount': mount}

    def ended(self, host):
        place = host.state().place
        found = []
        for target in place.targets:
            path = place.path(RUN, 'restored', target)
            self.assertFalse(os.path.lexists(path + '.part'))
            found.append((os.stat(path).st_uid == host.account.uid, oct(os.stat(path).st_mode & 0o777), sorted(os.listdir(path))))
        return found


class Restore(Restoring):
    def test_makes_data_of_etcds_user_beside_the_data(self):
        for kind in self.kinds():
            host = self.host(**kind)
            host.do(restoring.Restore(ARGUMENTS))
            data = {True: sorted(['snap', 'uid'] + ([] if kind['wal'] else ['wal'])), False: ['member']}[kind['mount']]
            self.assertEqual(self.ended(host), ([(True, '0o700', ['0.wal'])] if kind['wal'] else []) + [(True, '0o700', data)])
            place = host.state().place
            with open(place.path(RUN, 'restored') + ('/uid' if kind['mount'] else '/member/uid')) as file:
                self.assertEqual(file.read().strip(), str(host.account.uid))
            self.assertEqual(host.do(restoring.Restore(ARGUMENTS)), [])

    def test_ends_in_the_same_state_after_a_cut_anywhere(self):
        for kind in self.kinds():
            host = self.host(**kind)
            steps = len(host.do(restoring.Restore(ARGUMENTS)))
            whole = self.ended(host)
            for cuts in [[cut] for cut in range(1, steps)] + [[1, 2, 3]]:
                with self.subTest(cuts=cuts):
                    host = self.host(**kind)
                    for cut in cuts:
                        host.do(restoring.Restore(ARGUMENTS), limit=cut)
                    host.do(restoring.Restore(ARGUMENTS))
                    self.assertEqual(self.ended(host), whole)
                    self.assertEqual(host.do(restoring.Restore(ARGUMENTS)), [])

    def test_tells_the_tool_all_it_needs(self):
        host = self.host()
        host.do(restoring.Restore(dict(ARGUMENTS, bump_revision='1000', skip_hash_check=True, sha256='0' * 64)))
        self.assertEqual(host.read(host.root + '/calls').split()[:2], ['snapshot', 'restore'])
        self.assertEqual(host.read(host.root + '/calls').split()[3:], [
            '--data-dir=%s.part/data' % host.state().place.path(RUN, 'restored'), '--name=etcd01', '--initial-advertise-peer-urls=https://10.0.0.31:2380', '--initial-cluster=etcd01=https://10.0.0.31:2380',
            '--initial-cluster-token=t', '--bump-revision=1000', '--mark-compacted', '--skip-hash-check'])

    def test_needs_a_snapshot_room_and_the_sha256_it_was_handed_over_with(self):
        host = self.host()
        with self.assertRaises(Refused) as caught:
            restoring.Restore(dict(ARGUMENTS, skip_hash_check=True, sha256='0' * 64)).demand(host.state())
        self.assertEqual(caught.exception.code, 'SNAPSHOT_INVALID')
        restoring.Restore(ARGUMENTS).demand(host.state())
        state = host.state()
        state.entry(self.snapshot)['bytes'] = 10 ** 18
        with self.assertRaises(Refused) as caught:
            restoring.Restore(ARGUMENTS).demand(state)
        self.assertEqual(caught.exception.code, 'HOST_DISK_FULL')
        os.unlink(self.snapshot)
        self.assertRaises(moves.Refusal, restoring.Restore(ARGUMENTS).decide, host.state())
        self.assertRaises(Refused, restoring.Restore, dict(ARGUMENTS, skip_hash_check=True))

    def test_is_refused_by_a_tool_that_cannot_raise_the_revision(self):
        host = self.host()
        self.tool['bumps'] = False
        self.assertRaises(Refused, restoring.Restore(dict(ARGUMENTS, bump_revision='1')).decide, host.state())

    def test_takes_no_directory_of_somebody_else_for_what_the_tool_made(self):
        host = self.host()
        host.write(self.tool['path'], '#!/bin/sh\nexit 0\n')
        self.assertRaises(AssertionError, host.do, restoring.Restore(ARGUMENTS))
        self.assertFalse(os.path.lexists(host.state().place.path(RUN, 'restored')))


@needs_root
class RestoreInRootsDirectory(Restore):
    by = 'root'


class V2(Restoring):
    def test_backs_up_and_reads_back(self):
        host = self.host()
        host.directory(host.data)
        host.do(restoring.V2Backup({}))
        self.assertEqual(self.ended(host), [(True, '0o700', ['member'])])
        self.assertEqual(host.do(restoring.V2Backup({})), [])

    def test_unpacks_with_the_rights_of_etcds_user_alone(self):
        host = self.host()
        with tarfile.open(self.snapshot, 'w:gz') as archive:
            archive.addfile(tarfile.TarInfo('member/wal/0.wal'))
        host.do(restoring.V2Unpack({}))
        self.assertEqual(self.ended(host), [(True, '0o700', ['member'])])

    def test_is_refused_where_the_tool_knows_no_such_layout(self):
        for kind in ({'wal': True}, {'mount': True}):
            host = self.host(**kind)
            self.assertRaises(moves.Refusal, restoring.V2Backup({}).decide, host.state())
        with mock.patch.object(versions, 'server_version', lambda *_: '3.6.1'), self.assertRaises(Refused):
            restoring.V2Backup({}).decide(self.host().state())


if __name__ == '__main__':
    unittest.main()
