import { expect } from 'vitest';
import { put } from '../../src/procedures/put.ts';
import { fakeWorld } from '../fakes/world.ts';
import { describeCrashPoints } from './crash-points.ts';

describeCrashPoints({
  procedure: put,
  world: () => fakeWorld({ run: 'put-demo-7f3a9c' }),
  input: { key: '/name/2', value: 'two' },
  gated: [],
  restored: (world) => expect(world.machine('etcd03').dirs.get(world.site.dataDir)?.data?.keys.get('/name/2')?.value).toBe('two'),
});

describeCrashPoints({
  procedure: put,
  world: () => fakeWorld({ run: 'put-demo-7f3a9c' }),
  input: { key: '/name/2', value: 'two', v2: true },
  gated: [],
  restored: (world) => {
    const data = world.machine('etcd03').dirs.get(world.site.dataDir)?.data;
    expect(data?.v2Keys.get('/name/2')).toBe('two');
    expect(data?.keys.has('/name/2')).toBe(false);
  },
});
