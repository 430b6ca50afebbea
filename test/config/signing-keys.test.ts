import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFolder, mistakesOf } from './example.ts';

const [key, older] = ['ab'.repeat(32), 'cd'.repeat(32)];

describe('the keys that sign backups', () => {
  it('come from the environment, or from a file, the first one first', async () => {
    await using folder = await configFolder();
    const path = join(folder.path, 'signing-key');
    writeFileSync(path, `${key}\n${older}\n`, { mode: 0o600 });

    const direct = folder.load(folder.config(), { ETCD_MEDIC_SIGNING_KEY: `${key},${older}` });
    const byFile = folder.load(folder.config(), { ETCD_MEDIC_SIGNING_KEY_FILE: path });

    for (const { signingKeys, secrets } of [direct, byFile]) {
      expect(signingKeys?.map((one) => one.reveal())).toEqual([key, older]);
      expect(secrets.map((one) => one.reveal())).toContain(key);
    }
    expect(folder.load(folder.config()).signingKeys).toBeUndefined();
  });

  it('are said to be wrong by their name, and never shown', async () => {
    await using folder = await configFolder();
    const path = join(folder.path, 'signing-key');
    writeFileSync(path, `${key}\n`);
    chmodSync(path, 0o644);
    const of = (extra: Record<string, string>) => mistakesOf(() => folder.load(folder.config(), extra));

    expect(of({ ETCD_MEDIC_SIGNING_KEY: 'hunter2' })).toEqual([
      'ETCD_MEDIC_SIGNING_KEY: keys of 64 hexadecimal digits are needed (openssl rand -hex 32), separated by commas; the first one signs',
    ]);
    expect(of({ ETCD_MEDIC_SIGNING_KEY: key, ETCD_MEDIC_SIGNING_KEY_FILE: path })).toEqual([
      'ETCD_MEDIC_SIGNING_KEY_FILE: set it or ETCD_MEDIC_SIGNING_KEY, not both',
    ]);
    expect(of({ ETCD_MEDIC_SIGNING_KEY_FILE: path })).toEqual([
      `ETCD_MEDIC_SIGNING_KEY_FILE: ${path} can be read or written by others: chmod 600 ${path}`,
    ]);
    expect(of({ ETCD_MEDIC_SIGNING_KEY_FILE: '/dev/zero' })).toEqual(['ETCD_MEDIC_SIGNING_KEY_FILE: /dev/zero is a device and not a file']);
    chmodSync(path, 0o600);
    writeFileSync(path, 'hunter2');
    expect(of({ ETCD_MEDIC_SIGNING_KEY_FILE: path })).toEqual([
      `ETCD_MEDIC_SIGNING_KEY_FILE: ${path} must hold keys of 64 hexadecimal digits, one a line (openssl rand -hex 32)`,
    ]);
  });
});
