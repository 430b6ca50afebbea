/** A restore beside the data-dir on real hosts, and what a cut one leaves. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { paths, restored, silent, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`restore-${etcd.replace('.', '')}`, etcd);

  it('restores over what a restore left that was cut', async () => {
    await h.lab.etcdctl(['put', 'key', 'value']);
    await h.handOver();
    const part = `${paths.restored}.part`;
    await h.sh(`mkdir -p ${part}/data/member/snap; echo half > ${part}/data/member/snap/db; chown -R etcd:etcd ${part}`);

    await h.host.do({ act: 'restore', order: h.order() });

    expect(await h.host.restored(restored)).toMatchObject({ revision: 2n });
    expect(await h.sh('ls /data/etcd')).not.toContain('.part');
  });

  it('waits for a restore of before that still runs: it has the lock as long as it lasts', async () => {
    await h.handOver();
    await h.sh(
      `mkdir -p /var/lib/etcd-medic-host/etcd; (setsid flock /var/lib/etcd-medic-host/etcd/lock sleep 2 </dev/null >/dev/null 2>&1 &); sleep 0.3`,
    );
    const beganMs = performance.now();

    await h.host.do({ act: 'restore', order: h.order() });

    expect(performance.now() - beganMs).toBeGreaterThan(1_000);
    expect(await h.host.has(restored)).toBe(true);
  });

  it('says what is wrong when the snapshot is no snapshot', async () => {
    const path = join(h.dir, 'garbage');
    await writeFile(path, randomBytes(65_536));
    await h.host.handOver(await h.delivery(path), silent);

    await expect(h.host.do({ act: 'restore', order: h.order() })).rejects.toMatchObject({ code: 'HOST_COMMAND_FAILED' });
    expect(await h.host.restored(restored)).toBeUndefined();
  });
});
