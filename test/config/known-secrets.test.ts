import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyMaterial, secretsOf } from '../../src/config/known-secrets.ts';
import type { Config } from '../../src/config/schema.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'medic-secrets-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const configWith = (cluster: object) => ({ clusters: { prod: cluster } }) as unknown as Config;

describe('the secrets a process was given', () => {
  it('are its tokens, the passwords that clusters name, and the one of Redis in both its spellings', () => {
    const variables = {
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_SIGNING_SECRET: 'signing',
      PROD_PASSWORD: 'of prod',
      OTHER: 'none of ours',
      REDIS_URL: 'redis://medic:p%40ss@10.0.0.5:6379/0',
    };

    const secrets = secretsOf(variables, configWith({ auth: { user: 'root', passwordFrom: 'PROD_PASSWORD' } }));

    expect(secrets.map((secret) => secret.reveal())).toEqual(['xoxb-1', 'signing', 'of prod', 'p%40ss', 'p@ss']);
    expect(String(secrets)).not.toContain('xoxb');
  });

  it('are the lines of the private keys, and nothing of a key that cannot be read', async () => {
    const key = join(directory, 'id');
    const line = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW';
    await writeFile(key, `-----BEGIN OPENSSH PRIVATE KEY-----\n${line}\nshort==\n-----END OPENSSH PRIVATE KEY-----\n`);

    const material = keyMaterial(configWith({ ssh: { identityFile: key }, tls: { key: join(directory, 'missing') } }));

    expect(material.map((secret) => secret.reveal())).toEqual([line]);
  });
});
