/** A snapshot on its way to real hosts: who can see it, cuts, full disks. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { waitUntil } from '../lab/wait.ts';
import { dataDir, silent, useHost } from './lab-hosts.ts';
import { describeOnEach } from '../lab/versions.ts';

describeOnEach('a host with etcd %s', (etcd) => {
  const h = useHost(`receive-${etcd.replace('.', '')}`, etcd, { reset: false });

  it('never shows a snapshot to others than root, not even while it arrives', async () => {
    const path = join(h.dir, 'big');
    await writeFile(path, randomBytes(64 * 1_048_576));
    const delivery = await h.delivery(path);

    let arrived = false;
    const arriving = h.host.receive(delivery, silent).finally(() => {
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

    expect([...seen]).toEqual(['root:root 600 f']);
  });

  it('says how far a file is, and begins again after the connection was cut in the middle', async () => {
    const path = join(h.dir, 'big');
    await writeFile(path, randomBytes(128 * 1_048_576));
    const delivery = await h.delivery(path);
    // On the host, and looking before it begins: on a fast machine the file is whole before a look from here is answered.
    const halted = h.sh(
      `for i in $(seq 2000); do if [ -s ${dataDir}.*.part ]; then pkill -STOP -x dd; exit 0; fi; sleep 0.01; done; exit 1`,
    );
    const receiving = h.host.receive(delivery, silent);
    // Handled below; it may fail before that line is reached.
    receiving.catch(() => undefined);
    await halted;
    expect(Number(await h.sh(`stat --format=%s ${dataDir}.*.part`))).toBeLessThan(delivery.bytes);

    await h.open.close();
    await expect(receiving).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    // sudo halts with its command, and where it made a terminal for it, the shell before it too.
    await h.sh(`pkill -CONT -x 'dd|sudo|sh|bash' || true`);
    h.reopen();
    expect(await h.host.fileSha256(delivery.remotePath)).toBeUndefined();
    const said: string[] = [];
    await h.host.receive(delivery, (text) => said.push(text));

    expect(await h.host.fileSha256(delivery.remotePath)).toBe(delivery.sha256);
    expect(await h.sh('ls /data/etcd')).not.toContain('.part');
    expect(said.every((text) => /^[0-9]+ of 128 MiB \([0-9]+ %\)$/.test(text))).toBe(true);
  });

  it('sends nothing when there is no room for it', async () => {
    const delivery = { ...(await h.delivery(await h.snapshot())), bytes: 10_000_000_000 };

    await expect(h.host.receive(delivery, silent)).rejects.toMatchObject({
      code: 'HOST_DISK_FULL',
      message: expect.stringContaining('MiB free') as string,
    });
    expect(h.open.changes()).toEqual([]);
  });

  it('says that the disk is full when it fills up underway', async () => {
    const path = join(h.dir, 'big');
    await writeFile(path, randomBytes(96 * 1_048_576));
    // The size is understated, as if the room had gone after the look.
    const delivery = { ...(await h.delivery(path)), bytes: 1 };
    await h.sh('avail=$(df --output=avail -k /data/etcd | tail -1); fallocate -l $(( avail - 70000 ))K /data/etcd/.filler');

    await expect(h.host.receive(delivery, silent)).rejects.toMatchObject({ code: 'HOST_DISK_FULL' });
    await h.sh('rm -f /data/etcd/.filler');
  });

  it('does not take a file that changed underway', async () => {
    const delivery = { ...(await h.delivery(await h.snapshot())), sha256: '0'.repeat(64) };

    await expect(h.host.receive(delivery, silent)).rejects.toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: expect.stringContaining('not 0000') as string,
    });
    expect(await h.host.fileSha256(delivery.remotePath)).toBeUndefined();
  });
});
