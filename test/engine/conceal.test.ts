import { describe, expect, it } from 'vitest';
import { concealAll, concealedError, concealing, createConceal } from '../../src/engine/conceal.ts';
import { OpsError } from '../../src/errors.ts';
import type { JournalEvent } from '../../src/engine/journal.ts';
import { command } from '../slack/story.ts';

const password = 'pa"ss/w0rd+long';
const conceal = createConceal([password, 'short']);
const k = (body: string) => `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`;

describe('conceal', () => {
  it('takes a known secret out as it is, inside of JSON and inside of a URL', () => {
    const texts = [`said ${password}!`, JSON.stringify({ said: password }), `https://u@h/?p=${encodeURIComponent(password)}`];

    expect(texts.map(conceal)).toEqual(['said [secret]!', '{"said":"[secret]"}', 'https://u@h/?p=[secret]']);
  });

  it('takes the longer of two secrets out whole when one is part of the other', () => {
    expect(createConceal(['planted-1', 'planted-1-more'])('planted-1-more planted-1')).toBe('[secret] [secret]');
  });

  it('leaves texts alone that only hold a word as short as a password', () => {
    expect(conceal('a short sentence')).toBe('a short sentence');
  });

  it.each([
    [
      'a private key',
      'x\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\nZXktdjE\n-----END OPENSSH PRIVATE KEY-----\ny',
      'x\n[secret]\ny',
    ],
    ['a private key that was cut off', 'x -----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIH', 'x [secret]'],
    ['the end of a private key', 'said: bm9uZQ\nZXktdjE+/=\n-----END PRIVATE KEY-----\ny', 'said: [secret]\ny'],
    ['a token of Slack', 'Bearer xoxb-12345678-abcdef, xapp-1-A111-222', 'Bearer [secret], [secret]'],
    ['the password of a URL', 'redis://:pass@10.0.0.5:6379/0 https://bob:pw@h', 'redis://:[secret]@10.0.0.5:6379/0 https://bob:[secret]@h'],
    [
      'a setting that says so',
      `ETCD_ROOT_PASSWORD="a b" X=1 CLIENT_SECRET='c' PASSWORD=d`,
      'ETCD_ROOT_PASSWORD=[secret] X=1 CLIENT_SECRET=[secret] PASSWORD=[secret]',
    ],
  ])('takes out %s that nobody told it of', (_what, text, shown) => {
    expect(conceal(text)).toBe(shown);
  });

  it.each([
    ['a password with an at sign', 'https://bob:p@ss@h/x', 'https://bob:[secret]@h/x'],
    ['a password of digits', 'redis://:12345@h redis://default:2380@h:6379', 'redis://:[secret]@h redis://default:[secret]@h:6379'],
    ['a password with an apostrophe', "https://bob:it's@h", 'https://bob:[secret]@h'],
    ['a key of PGP', '-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQ\n-----END PGP PRIVATE KEY BLOCK----- y', '[secret] y'],
    ['the end of a key in JSON', String.raw`{"a":"b\nZXktdjE=\n-----END PRIVATE KEY-----\n"}`, String.raw`{"a":"[secret]\n"}`],
    ['two keys, and nothing between them', `${k('a')} and ${k('b')}`, '[secret] and [secret]'],
  ])('takes out %s', (_what, text, shown) => {
    expect(conceal(text)).toBe(shown);
  });

  it.each([
    "ETCD_INITIAL_CLUSTER_TOKEN='etcd-cluster' https://10.0.0.31:2379 /etc/etcd/server-key.pem",
    'https://10.0.0.31:2380@etcd01',
    'etcd01=https://10.0.0.31:2380,etcd02=https://10.0.0.32:2380@2',
    "--initial-cluster 'etcd01=https://etcd01.example:2380' alice@example.org",
    'etcd01=http://etcd01:2380,etcd02@x',
    'https://[2001:db8::1]:2380@etcd01',
    '{"url":"https://web:8443","mail":"a@b"}',
    'https://bob@h:2379/a:b@c',
    'the member at https://10.0.0.31:2380, asked by alice@example.org',
    'ETCD_ROOT_PASSWORD=$PROD_ETCD_PASSWORD X_SECRET=${SECRET} PASSWORD=<password> PASSWORD=',
    'ETCD_CERT_FILE=/etc/etcd/server.pem KEY=value revision=12345678 /registry/secrets/default/token: put',
    '20261122T070409Z-rev1234567890 restore-prod-7f3a9c.2 sha256 5f0c0123456789abcdef5f0c0123456789abcdef5f0c0123456789abcdef01234567',
    'xoxo-short the boxoxa-12345678 line',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  ])('leaves what an operator has to read and copy: %s', (text) => {
    expect(conceal(text)).toBe(text);
  });
});

describe('a journal that takes no secrets in', () => {
  it('takes them out of every text, and hashes what is left', async () => {
    const taken: JournalEvent[] = [];
    const journal = concealing(
      { append: async (event) => (taken.push(event), { ...event, seq: 0, at: '' }), entries: async () => [] },
      conceal,
    );

    await journal.append({ type: 'command', stepId: 's', command: command('etcd01', ['cat', password], `its ${password}`) });
    await journal.append({ type: 'step-failed', stepId: 's', code: 'HOST_COMMAND_FAILED', because: `said ${password}`, hint: password });
    await journal.append({ type: 'run-ended', outcome: 'failed', summary: `with ${password}` });

    expect(JSON.stringify(taken)).not.toContain(JSON.stringify(password).slice(1, -1));
    expect(taken[0]).toMatchObject({ command: { argv: ['cat', '[secret]'], output: 'its [secret]' } });
    expect(taken[0]).not.toHaveProperty('command.outputSha256', command('etcd01', []).outputSha256);
  });

  it('leaves what the engine goes by as it is', () => {
    const event = { type: 'run-prepared', prepared: { snapshot: password }, summary: 's' };

    expect(concealAll(event, conceal)).toEqual(event);
  });
});

describe('concealedError', () => {
  it('keeps what tells one of our errors from another', () => {
    const error = new OpsError('HOST_COMMAND_FAILED', `it said ${password}`, { hint: `without ${password}`, details: { said: password } });

    expect(concealedError(error, conceal)).toMatchObject({
      code: 'HOST_COMMAND_FAILED',
      message: 'it said [secret]',
      hint: 'without [secret]',
      details: { said: '[secret]' },
    });
  });

  it('takes a secret out of the message of a bug, and leaves every other error as it is', () => {
    const harmless = new Error('a bug');

    expect(concealedError(new Error(`parsing ${password}`), conceal)).toMatchObject({ message: 'parsing [secret]' });
    expect(concealedError(harmless, conceal)).toBe(harmless);
    expect(concealedError('thrown', conceal)).toBe('thrown');
  });
});
