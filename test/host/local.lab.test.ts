/** etcd's own tool on this machine and on hosts: it gives the same answer and leaves the file as it is. */
import { createHash } from 'node:crypto';
import { chmod, readFile, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { snapshotStatus } from '../../src/host/local.ts';
import { paths, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

const sha256 = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

describeOnEach('snapshot status of a snapshot of etcd %s', (etcd) => {
  const h = useHost(`local-${etcd.replace('.', '')}`, etcd);

  it('reads it on this machine without changing a byte', async () => {
    await h.lab.etcdctl(['put', 'key', 'value']);
    const path = await h.snapshot();
    await chmod(path, 0o600);
    const before = [await sha256(path), (await stat(path)).mtimeMs];

    const facts = await snapshotStatus(path);

    expect(facts).toMatchObject({ revision: 2n });
    expect([await sha256(path), (await stat(path)).mtimeMs]).toEqual(before);
  });

  it('says the same as the host’s own tool, which does not change the file either', async () => {
    await h.lab.etcdctl(['put', 'key', 'value']);
    const { localPath, sha256: handedOver } = await h.handOver();
    const { tool } = await h.host.preflight();

    const text = await h.sh(`${tool.program} snapshot status ${paths.snapshot} -w json`);

    expect(Number.parseInt((await snapshotStatus(localPath)).hash, 16)).toBe((JSON.parse(text) as { hash: number }).hash);
    expect(await h.sh(`sha256sum ${paths.snapshot}`)).toContain(handedOver);
  });
});
