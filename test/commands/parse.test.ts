/** The grammar. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/commands/parse.ts';
import { isOpsError, OpsError } from '../../src/errors.ts';
import { RunId } from '../../src/ids.ts';
import { clusters, verbs } from './verbs.ts';

const grammar = { verbs, clusters };
const parse = (line: string) => parseCommand(line, grammar);

function mistakeOf(line: string): { message: string; hint: string } {
  try {
    parse(line);
  } catch (error) {
    if (isOpsError(error, 'INPUT_INVALID')) return error;
    throw error;
  }
  throw new Error(`“${line}” was taken`);
}

describe('parseCommand', () => {
  it.each([
    ['status prod', { kind: 'query', cluster: 'prod', input: {}, mode: 'execute' }],
    [
      'restore prod --snapshot latest --plan',
      { kind: 'run', cluster: 'prod', input: { snapshot: 'latest', 'while-healthy': false }, mode: 'plan' },
    ],
    [
      'restore prod --snapshot=latest --while-healthy',
      { kind: 'run', input: { snapshot: 'latest', 'while-healthy': true }, mode: 'execute' },
    ],
    ['replace-member prod etcd03', { kind: 'run', input: { member: 'etcd03' } }],
    ['put prod /name/1 "two words"', { kind: 'run', input: { key: '/name/1', value: 'two words' } }],
    ['put prod /n -5', { kind: 'run', input: { key: '/n', value: '-5' } }],
    ['put prod /n -- --x', { kind: 'run', input: { key: '/n', value: '--x' } }],
    ['', { kind: 'help' }],
    ['help', { kind: 'help' }],
    ['help restore', { kind: 'help', verb: 'restore' }],
    ['restore --help', { kind: 'help', verb: 'restore' }],
    ['clusters', { kind: 'clusters' }],
    ['runs', { kind: 'runs' }],
    ['runs prod', { kind: 'runs', cluster: 'prod' }],
    ['show restore-prod-7f3a9c', { kind: 'show', run: 'restore-prod-7f3a9c' }],
    ['undo restore-prod-7f3a9c', { kind: 'run', cluster: 'prod', input: { run: 'restore-prod-7f3a9c' }, mode: 'execute' }],
    ['undo replace-member-prod-eu-7f3a9c --plan', { cluster: 'prod-eu', input: { run: 'replace-member-prod-eu-7f3a9c' }, mode: 'plan' }],
    ['undo undo-staging-7f3a9c', { cluster: 'staging', input: { run: 'undo-staging-7f3a9c' } }],
    ['approve restore-prod-7f3a9c', { kind: 'decide', verdict: 'approve', run: 'restore-prod-7f3a9c' }],
    ['reject restore-prod-7f3a9c', { kind: 'decide', verdict: 'reject' }],
    ['choose restore-prod-7f3a9c survivor', { kind: 'decide', verdict: 'choose', option: 'survivor', run: 'restore-prod-7f3a9c' }],
    ['retry restore-prod-7f3a9c', { kind: 'decide', verdict: 'retry' }],
    ['abort restore-prod-7f3a9c', { kind: 'abort', run: 'restore-prod-7f3a9c' }],
    ['whoami', { kind: 'whoami' }],
  ])('understands “%s”', (line, expected) => {
    expect(parse(line)).toMatchObject(expected);
  });

  it.each([
    ['Status Prod.', { kind: 'query', cluster: 'prod' }],
    ['Replace-member prod Etcd03', { kind: 'run', input: { member: 'etcd03' } }],
    ['approve `restore-prod-7f3a9c`.', { kind: 'decide', run: 'restore-prod-7f3a9c' }],
    ['choose `restore-prod-7f3a9c` “Survivor”.', { kind: 'decide', option: 'survivor' }],
    ['restore prod \u2014plan', { kind: 'run', mode: 'plan' }],
    ['status prod --plan', { kind: 'query', cluster: 'prod' }],
    ['backup prod --from etcd02,', { kind: 'run', input: { from: 'etcd02' } }],
  ])('understands “%s” as a phone writes it', (line, expected) => {
    expect(parse(line)).toMatchObject(expected);
  });

  it.each([
    ['statsu prod', /no verb `statsu`.*Did you mean `status`\?/],
    ['prod status', /`prod` is a cluster; the verb comes first/],
    ['status prdo', /no cluster `prdo`.*Did you mean `prod`\?/],
    ['status mars', /no cluster `mars`.*`prod`, `staging`/],
    ['status', /missing required argument `cluster`/i],
    ['status prod now', /too many arguments/i],
    ['replace-member prod', /missing required argument `member`/i],
    ['replace-member prod etcd4', /no member `etcd4`.*Did you mean `etcd0\d`\?.*Its members: `etcd01`, `etcd02`, `etcd03`/],
    ['replace-member prod stage-1', /no member `stage-1`/],
    ['backup prod --from', /argument missing/i],
    ['backup prod --form etcd01', /unknown option `--form`.*Did you mean `--from`\?/i],
    ['restore prod --snapshot newest', /a snapshot is `latest` or an id/],
    ['approve prod', /`prod` is no run id/],
    ['undo prod', /`prod` is no run id/],
    ['undo restore-mars-7f3a9c', /`restore-mars-7f3a9c` is a run on no cluster that is known here/],
    ['undo', /missing required argument `run`/i],
    ['approve', /missing required argument `run`/i],
    ['choose restore-prod-7f3a9c', /missing required argument `option`/i],
    ['choose survivor', /missing required argument `option`/i],
    ['help statsu', /no verb `statsu`/],
  ])('says what is wrong with “%s”', (line, sentence) => {
    expect(mistakeOf(line).message).toMatch(sentence);
  });

  it('gives the usage with a mistake', () => {
    expect(mistakeOf('restore prod --snapshoot x').hint).toBe(
      'Usage: `restore <cluster> [--snapshot <id|latest>] [--while-healthy] [--plan]`',
    );
  });

  it('names no right word when none is near', () => {
    expect(mistakeOf('xyzzyplugh').message).not.toMatch(/Did you mean/);
  });

  it('takes the run of the thread when none is named, and the named one when one is', () => {
    const run = RunId.parse('restore-prod-7f3a9c');

    expect(parseCommand('approve', { ...grammar, run })).toMatchObject({ kind: 'decide', run });
    expect(parseCommand('approve backup-prod-000001', { ...grammar, run })).toMatchObject({ run: 'backup-prod-000001' });
    expect(parseCommand('choose survivor', { ...grammar, run })).toMatchObject({ option: 'survivor', run });
    expect(parseCommand('choose backup-prod-000001 survivor', { ...grammar, run })).toMatchObject({ run: 'backup-prod-000001' });
    expect(() => parseCommand('choose backup-prod-000001', { ...grammar, run })).toThrow(/missing required argument `option`/i);
    expect(parseCommand('undo', { ...grammar, run })).toMatchObject({ input: { run } });
    expect(parseCommand('undo --plan', { ...grammar, run })).toMatchObject({ input: { run }, mode: 'plan' });
    expect(parseCommand('undo backup-prod-000001', { ...grammar, run })).toMatchObject({ input: { run: 'backup-prod-000001' } });
    expect(() => parseCommand('choose', { ...grammar, run })).toThrow(/missing required argument `option`/i);
  });

  it('does not take the names of object properties for clusters', () => {
    expect(mistakeOf('status constructor').message).toMatch(/no cluster `constructor`/);
    expect(mistakeOf('status __proto__').message).toMatch(/no cluster/);
  });

  it('takes several lines as one', () => {
    expect(parse('put prod\n/name/1\n"a\nb"')).toMatchObject({ input: { key: '/name/1', value: 'a\nb' } });
  });

  it('quotes a long mistake back in short', () => {
    expect(mistakeOf(`${'x'.repeat(10_000)} prod`).message.length).toBeLessThan(200);
  });

  it('answers any words with a command or a sentence, and prints nothing', () => {
    const word = fc.oneof(
      fc.constantFrom('status', 'put', 'approve', 'prod', '--plan', '--', '-h', '--from', 'help'),
      fc.string({ maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        try {
          expect(parse(words.join(' '))).toHaveProperty('kind');
        } catch (error) {
          expect(error).toBeInstanceOf(OpsError);
        }
      }),
    );
  });
});
