import { describe, expect, it } from 'vitest';
import { fails, holds } from '../../../src/engine/finding.ts';
import { MemberName } from '../../../src/ids.ts';
import { createFailedStart } from '../../../src/procedures/running/failed-start.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeWorld } from '../../fakes/world.ts';

const silent = fails('Not every member answers (etcd03: connection refused).');

function watched() {
  const world = fakeWorld();
  const clock = fakeClock();
  const third = world.machine(MemberName.parse('etcd03'));
  third.unit = { active: false, masked: false, failed: true };
  return { clock, third, orFailed: createFailedStart(world.hosts, clock) };
}

describe('a start that is waited for', () => {
  it('is given up once systemd has given it up, with where the reason stands', async () => {
    const { clock, orFailed } = watched();
    await orFailed(silent);
    clock.pass(10_000);

    expect(await orFailed(silent)).toEqual({
      holds: false,
      final: true,
      because:
        'Not every member answers (etcd03: connection refused). etcd on etcd03 has failed to start, and systemd does not try again: `journalctl --unit=etcd --lines=20` there says why.',
    });
  });

  it('is not asked about in its first ten seconds, nor when all serve', async () => {
    const { clock, orFailed } = watched();

    expect(await orFailed(silent)).toBe(silent);
    clock.pass(9_999);
    expect(await orFailed(silent)).toBe(silent);
    clock.pass(60_000);
    expect(await orFailed(holds())).toEqual(holds());
  });

  it('goes on being waited for while systemd still tries, or a host does not say', async () => {
    const { clock, third, orFailed } = watched();
    third.unit.failed = false;
    await orFailed(silent);
    clock.pass(10_000);
    expect(await orFailed(silent)).toBe(silent);
    third.powered = false;
    clock.pass(10_000);

    expect(await orFailed(silent)).toBe(silent);
  });
});
