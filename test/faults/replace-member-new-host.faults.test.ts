/** The host of a member is gone, and a new one with another address takes its name; a certificate that does not fit is found before anything is touched. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { BotProcess } from '../stage/bot-process.ts';
import { clickCard, startRun, waitForEnd, waitForGate } from '../stage/acting.ts';
import { createStage } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { approveAll, membersOf, storedBy, votersOf } from '../e2e/replacing.ts';

describe.each(['3.4', '3.5'] as const)('replace-member with a new host on etcd %s', (etcd) => {
  let stage: Stage;
  let bot: BotProcess;
  beforeAll(async () => {
    stage = await createStage({ name: `e2e-new-host-${etcd.replace('.', '')}`, etcd, spares: 1 });
    bot = await stage.start();
  });
  afterAll(() => stage.down());

  /** What a person writes into config.yaml, and starts the bot again. */
  const pointAtSpare = async () => {
    const spare = stage.lab.host('spare01');
    const config = parse(await readFile(stage.configPath, 'utf8')) as { clusters: { demo: { members: Record<string, unknown> } } };
    config.clusters.demo.members['etcd03'] = { host: spare.address, clientUrl: spare.clientUrl, peerUrl: spare.peerUrl };
    await writeFile(stage.configPath, stringify(config));
    await bot.stop();
    bot = await stage.start();
  };

  it('first refuses one whose certificate is of another address, then lets it take the name of the one that is gone', async () => {
    const [spare, first] = [stage.lab.host('spare01'), stage.lab.host('etcd01')];
    const others = ['etcd01', 'etcd02'].map((name) => stage.lab.host(name).clientUrl);
    const pki = stage.lab.pki.servers;
    const wrong = await readFile(pki['etcd03']?.cert ?? '');
    const right = await readFile(pki['spare01']?.cert ?? '');
    await stage.lab.etcdctl(['put', '/name/1', 'test']);
    const before = await membersOf(stage, others);
    await stage.lab.host('etcd03').fault('power-off');
    await spare.exec(['sed', '-i', 's/^ETCD_NAME=.*/ETCD_NAME="etcd03"/', '/etc/default/etcd']);
    await spare.exec(['dd', 'of=/etc/etcd/pki/server.pem', 'status=none'], { input: wrong });
    await pointAtSpare();

    const run = await startRun(stage, 'replace-member demo etcd03');
    const refused = await waitForGate(stage, run, 'preflight');
    const untouched = await membersOf(stage, others);
    await spare.exec(['dd', 'of=/etc/etcd/pki/server.pem', 'status=none'], { input: right });
    await clickCard(stage, refused, 'retry');
    const removal = await waitForGate(stage, run, 'remove-member');
    const view = await approveAll(stage, run);

    expect(refused.reason).toMatch(
      new RegExp(`etcd03: The peer certificate \\(.*\\) does not cover ${spare.address.replaceAll('.', '\\.')}`),
    );
    expect(refused.reason).toMatch(/do not belong together/);
    expect(untouched).toEqual(before);
    expect(removal.facts['etcd on etcd03']).toMatch(/nothing is stopped there, but a removed member can never rejoin/);
    expect(view, view.openGate?.reason ?? '').toMatchObject({ outcome: 'completed' });
    expect(await votersOf(stage, others)).toEqual(['etcd01', 'etcd02', 'etcd03']);
    expect((await membersOf(stage, others)).flatMap(({ peerURLs }) => peerURLs)).toContain(spare.peerUrl);
    expect(await storedBy(stage, spare.clientUrl, '/name/1')).toBe('test');
    expect((await spare.exec(['cat', '/etc/default/etcd'])).stdout).toContain(
      `ETCD_INITIAL_CLUSTER="etcd01=${first.peerUrl},etcd02=${stage.lab.host('etcd02').peerUrl},etcd03=${spare.peerUrl}"`,
    );
  });

  it('cannot be disturbed by the old host that comes back', async () => {
    const old = stage.lab.host('etcd03');
    const others = ['etcd01', 'etcd02', 'spare01'].map((name) => stage.lab.host(name).clientUrl);

    await old.fault('power-on');
    await old.exec(
      ['sh', '-c', 'timeout 30 systemctl start etcd; timeout 20 sh -c "while systemctl is-active -q etcd; do sleep 0.2; done"'],
      { reject: false },
    );
    const status = await waitForEnd(stage, await startRun(stage, 'put demo /name/2 still'));

    expect(status.outcome).toBe('completed');
    expect((await old.exec(['systemctl', 'is-active', 'etcd'], { reject: false })).stdout).not.toBe('active');
    expect(await votersOf(stage, others)).toEqual(['etcd01', 'etcd02', 'etcd03']);
    for (const url of others) expect(await storedBy(stage, url, '/name/2')).toBe('still');
  });
});
