/** A restore beside the data-dir on real hosts, and what a cut one leaves. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, silent, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`restore-${etcd.replace('.', '')}`, etcd);

  it('restores over what a restore left that was cut', async () => {
    await h.lab.etcdctl(['put', 'key', 'value']);
    await h.handOver();
    const part = `${h.host.paths(run).restored}.part`;
    await h.sh(`mkdir -p ${part}/data/member/snap; echo half > ${part}/data/member/snap/db`);

    await h.host.restoreSnapshot(h.order());

    expect(await h.host.restored(h.host.paths(run).restored)).toMatchObject({ revision: 2n });
    expect(await h.sh('ls /data/etcd')).not.toContain('.part');
  });

  it('waits for a restore of before that still runs', async () => {
    await h.handOver();
    // A worker that was killed leaves its etcdctl behind: a stand-in of that name, as that user.
    await h.sh(
      'cp /bin/sleep /tmp/etcdctl; chmod 755 /tmp/etcdctl; (setsid setpriv --reuid etcd --regid etcd --clear-groups /tmp/etcdctl 2 </dev/null >/dev/null 2>&1 &); until pgrep -u etcd -x etcdctl; do :; done',
    );

    await h.host.restoreSnapshot(h.order());

    expect(await h.sh('pgrep -x etcdctl || true')).toBe('');
  });

  it('says what is wrong when the snapshot is no snapshot', async () => {
    const path = join(h.dir, 'garbage');
    await writeFile(path, randomBytes(65_536));
    await h.host.receive(await h.delivery(path), silent);

    await expect(h.host.restoreSnapshot(h.order())).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });
    expect(await h.host.restored(h.host.paths(run).restored)).toBeUndefined();
  });
});
