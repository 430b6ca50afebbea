/** `put` and `get` touch no key but those that config.yaml allows, where they are typed and where they are carried out. */
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../src/access/index.ts';
import { createDesk } from '../../src/commands/desk.ts';
import { ClusterName } from '../../src/ids.ts';
import { get } from '../../src/procedures/get.ts';
import { verbs } from '../../src/procedures/index.ts';
import { demandKey } from '../../src/procedures/key-limits.ts';
import type { KeyLimits } from '../../src/procedures/key-limits.ts';
import { put } from '../../src/procedures/put.ts';
import { canaryKey } from '../../src/procedures/restoring/canary.ts';
import { person } from '../commands/open-desk.ts';
import { fakeWorld } from '../fakes/world.ts';
import { fakeClock, fakeRuns } from '../slack/fakes.ts';

const name = ClusterName.parse('prod');
const allowed = (word: 'put' | 'get', key: string, keys?: KeyLimits) => {
  try {
    demandKey(word, key, { name, keys });
    return true;
  } catch {
    return false;
  }
};

describe('demandKey', () => {
  it('allows the bot’s own keys alone where config.yaml says nothing', () => {
    for (const word of ['put', 'get'] as const) {
      expect(allowed(word, canaryKey)).toBe(true);
      for (const key of ['/registry/secrets/x', '/etcd-medic', '/etcd-medicine/x', 'etcd-medic/x', '/', 'x'])
        expect(allowed(word, key)).toBe(false);
    }
  });

  it('allows each word what is listed for it, and nothing where the list is empty', () => {
    const keys = { put: [], get: ['/name/', '/registry/leases/'] };

    expect(allowed('get', '/registry/leases/x', keys)).toBe(true);
    expect(allowed('get', canaryKey, keys)).toBe(false);
    expect(allowed('put', '/name/1', keys)).toBe(false);
    expect(allowed('put', canaryKey, { get: ['/'] })).toBe(true);
    expect(allowed('put', '/name/1', { get: ['/'] })).toBe(false);
  });

  it('names the setting, and quotes a long key in short', () => {
    expect(() => demandKey('put', '/registry/x', { name })).toThrow(
      '`put` may not write the key `/registry/x` on prod: it may write only keys that begin with `/etcd-medic/`.',
    );
    expect(() => demandKey('get', `/a\u0007\n\`${'b'.repeat(8_000)}`, { name, keys: { get: [] } })).toThrow(
      /^`get` may not read the key `\/a b{70,80}…` on prod: it may read no key at all\.$/,
    );
  });
});

describe('a key that is not allowed', () => {
  it.each([
    'put prod /registry/x test',
    'put prod /registry/x test --v2',
    'put prod /registry/x test --plan',
    'get prod /registry/x',
    'get prod /registry/x --v2',
  ])('is refused where `%s` is typed, and nothing is started', async (words) => {
    const lists = { channels: ['C0INCIDENT'], operators: ['U0ALICE'], approvers: [], members: {} };
    const clusters = { prod: lists } as never;
    const { runs, calls } = fakeRuns();
    const permissions = createAccess({ clusters, groups: { membersOf: async () => new Set() }, homeTeam: () => 'T0HOME' });
    const desk = createDesk({ verbs, clusters, permissions, runs, clock: fakeClock() });

    expect(await desk.take({ words, prefix: '/etcd' }, person('U0ALICE'))).toMatchObject({
      kind: 'refused',
      code: 'NOT_ALLOWED',
      next: `To allow it, add what the key begins with to clusters.prod.keys.${words.slice(0, 3)} in config.yaml.`,
    });
    expect(calls).toEqual([]);
    const own = words.replace('/registry/x', '/etcd-medic/try');
    expect((await desk.take({ words: own, prefix: '/etcd' }, person('U0ALICE'))).kind).not.toBe('refused');
  });

  it('is neither written nor read by a worker, also when the list became shorter after the run had begun', async () => {
    const world = fakeWorld();
    const narrow = { ...world, cluster: { ...world.cluster, keys: undefined } };
    const input = { key: '/name/1', value: 'changed' };

    await expect(put.prepare(input, narrow)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(get.answer({ key: '/name/1' }, narrow)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const [step] = put.steps(input, narrow, {});
    if (step?.kind !== 'change') throw new Error('put is one change');
    await expect(step.run({ mayWait: true, progress: () => undefined })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect((await world.etcd.get('/name/1'))?.value).toBe('test');
  });
});
