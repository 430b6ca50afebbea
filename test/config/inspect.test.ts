/** What can be used of the settings, and what is wrong or missing: nothing is thrown. */
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { inspectSettings } from '../../src/config/inspect.ts';
import { configFolder, variables } from './example.ts';
import type { RawConfig } from './example.ts';

async function inspected(change: (config: RawConfig) => void, extra: Readonly<Record<string, string | undefined>> = {}) {
  await using folder = await configFolder();
  const config = folder.config();
  change(config);
  writeFileSync(`${folder.path}/config.yaml`, stringify(config));
  return inspectSettings({ ETCD_MEDIC_CONFIG: `${folder.path}/config.yaml`, ...extra });
}

describe('inspectSettings', () => {
  it('misses no variable that only the service has', async () => {
    const found = await inspected(() => undefined);

    expect(found).toMatchObject({ mistakes: [], redisUrl: undefined, slack: undefined, missingPasswords: [] });
    expect(Object.keys(found.config?.clusters ?? {})).toEqual(['prod', 'lone']);
  });

  it('has what there is, and shows none of it', async () => {
    const password = (config: RawConfig) =>
      Object.assign(config.clusters['prod'] ?? {}, { auth: { user: 'root', passwordFrom: 'PROD_PASSWORD' } });

    const found = await inspected(password, { ...variables, PROD_PASSWORD: 'etcd-password' });

    expect(found.slack?.botToken.reveal()).toBe(variables.SLACK_BOT_TOKEN);
    expect(found.passwords['prod']?.reveal()).toBe('etcd-password');
    for (const secret of ['etcd-password', 'redis-password', 'xoxb-', 'xapp-']) expect(inspect(found, { depth: 9 })).not.toContain(secret);
    expect((await inspected(password)).missingPasswords).toEqual(['PROD_PASSWORD']);
  });

  it('has the clusters where only a file is missing, and says so', async () => {
    const found = await inspected((config) => Object.assign(config.clusters['prod']?.ssh ?? {}, { identityFile: '/nowhere/id' }));

    expect(found.mistakes).toEqual([
      expect.stringMatching(/^clusters\.prod\.ssh\.identityFile: \/nowhere\/id does not exist \(line \d+\)$/),
    ]);
    expect(found.config).toBeDefined();
  });

  it('has no clusters where the file cannot be used, and says every mistake', async () => {
    const found = await inspected((config) => Object.assign(config.clusters['prod'] ?? {}, { channels: ['FILL_IN_CHANNEL'] }), {
      LOG_LEVEL: 'loud',
    });

    expect(found.config).toBeUndefined();
    expect(found.mistakes).toEqual([expect.stringContaining('LOG_LEVEL'), expect.stringContaining('clusters.prod.channels.0')]);
    expect(inspectSettings({ ETCD_MEDIC_CONFIG: '/nowhere/config.yaml' })).toMatchObject({
      config: undefined,
      mistakes: [expect.stringContaining('there is no such file')],
    });
  });
});
