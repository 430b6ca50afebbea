/** A snapshot on its way to real hosts: who can see it, cuts, full disks. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { waitUntil } from '../lab/wait.ts';
import { paths, silent, snapshot, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`receive-${etcd.replace('.', '')}`, etcd, { reset: false });

  it('never shows a snapshot to others than root and etcd, not even while it arrives', async () => {
    const path = join(h.dir, 'big');
    await writeFile(path, randomBytes(64 * 1_048_576));
    const delivery = await h.delivery(path);

    let arrived = false;
    const arriving = h.host.handOver(delivery, silent).finally(() => {
      arrived = true;
    });
    const seen = new Set<string>();
    await waitUntil(
      async () => {
        for (const mode of await h.modes('/data/etcd -name "data.*"')) seen.add(mode);
        return arrived;
      },
      { for: 'the file to arrive', withinMs: 120_000 },
    );
    await arriving;

    expect([...seen].every((mode) => /^(?:root:root|etcd:etcd) 600 f$/.test(mode))).toBe(true);
    expect(seen.size).toBeGreaterThan(0);
  });

  it('says how far a file is, and begins again after the connection was cut in the middle', async () => {
    const path = join(h.dir, 'big');
    await writeFile(path, randomBytes(128 * 1_048_576));
    const delivery = await h.delivery(path);
    // On the host, and looking before it begins: on a fast machine the file is whole before a look from here is answered.
    const halted = h.sh(
      `for i in $(seq 2000); do if [ -s ${paths.snapshot}.part ]; then pkill -STOP -f '[e]tcd-medic-host'; exit 0; fi; sleep 0.01; done; exit 1`,
    );
    const receiving = h.host.handOver(delivery, silent);
    // Handled below; it may fail before that line is reached.
    receiving.catch(() => undefined);
    await halted;
    expect(Number(await h.sh(`stat --format=%s ${paths.snapshot}.part`))).toBeLessThan(delivery.bytes);

    await h.open.close();
    await expect(receiving).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    await h.sh(`pkill -CONT -f '[e]tcd-medic-host' || true`);
    h.reopen();
    expect(await h.host.has(snapshot)).toBe(false);
    const said: string[] = [];
    await h.host.handOver(delivery, (text) => said.push(text));

    expect(await h.sh(`sha256sum ${paths.snapshot}`)).toContain(delivery.sha256);
    expect(await h.sh('ls /data/etcd')).not.toContain('.part');
    expect(said.every((text) => /^[0-9]+ of 128 MiB \([0-9]+ %\)$/.test(text))).toBe(true);
  });

  it('is packed on its way where that pays, and whole on the host', async () => {
    await h.lab.etcdctl(['put', 'key', 'x'.repeat(100_000)]);
    const delivery = await h.delivery(await h.snapshot());

    await h.host.handOver(delivery, silent);
    const before = h.open.changes().length;
    await h.host.handOver(delivery, silent);

    expect(await h.sh(`sha256sum ${paths.snapshot}`)).toContain(delivery.sha256);
    expect(await h.modes(paths.snapshot)).toEqual(['etcd:etcd 600 f']);
    expect(h.open.changes()).toHaveLength(before);
  });

  it('sends nothing when there is no room for it', async () => {
    const delivery = { ...(await h.delivery(await h.snapshot())), bytes: 10_000_000_000 };

    await expect(h.host.handOver(delivery, silent)).rejects.toMatchObject({
      code: 'HOST_DISK_FULL',
      message: expect.stringContaining('MiB free') as string,
    });
    expect(h.open.changes()).toEqual([]);
  });

  it('says that the disk is full when it fills up underway', async () => {
    const path = join(h.dir, 'big');
    await writeFile(path, randomBytes(96 * 1_048_576));
    const delivery = await h.delivery(path);
    // On the host, once the file has begun to arrive: the room goes after the look.
    const filled = h.sh(
      `for i in $(seq 2000); do if [ -e ${paths.snapshot}.part ]; then cat /dev/zero > /data/etcd/.filler 2>/dev/null || exit 0; fi; sleep 0.01; done; exit 1`,
    );
    const arriving = h.host.handOver(delivery, silent).then(
      () => 'arrived before the disk was full',
      (error: unknown) => error,
    );
    await filled;

    expect(await arriving).toMatchObject({ code: 'HOST_DISK_FULL' });
    await h.sh('rm -f /data/etcd/.filler');
    expect(await h.sh('ls /data/etcd')).not.toContain('.snapshot');
  });

  it('does not take a file that changed underway', async () => {
    const delivery = { ...(await h.delivery(await h.snapshot())), sha256: '0'.repeat(64) };

    await expect(h.host.handOver(delivery, silent)).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining('not 0000') as string,
    });
    expect(await h.host.has(snapshot)).toBe(false);
  });
});
