/** /healthz and /metrics: what they say when something does not answer, and where they are served. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/wiring/clock.ts';
import { serveHealth } from '../../src/wiring/health.ts';
import type { HealthProbe } from '../../src/wiring/health.ts';

const well: HealthProbe = { name: 'worker', look: async () => undefined };
const counts = async () => [{ queue: 'runs', state: 'waiting', count: 3 }];
const never = new Promise<never>(() => undefined);

async function serve({
  probes = [well],
  queueCounts = counts,
  host = '127.0.0.1',
  port = 0,
}: Partial<Parameters<typeof serveHealth>[0]> = {}) {
  const served = await serveHealth({ host, port, probes, queueCounts, clock: systemClock });
  return { ...served, at: (path: string, address = '127.0.0.1') => fetch(`http://${address}:${served.port}${path}`) };
}

describe('/healthz', () => {
  it('says what is well', async () => {
    const served = await serve();

    const answer = await served.at('/healthz');

    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ healthy: true, checks: { worker: 'well' } });
    await served.close();
  });

  it.each([
    ['gives a reason', { name: 'bot', look: async () => 'Slack did not answer.' }, 'Slack did not answer.'],
    ['fails', { name: 'bot', look: () => Promise.reject(new Error('it broke')) }, 'it broke'],
    ['never answers', { name: 'bot', look: () => never }, 'There was no answer within 2 s.'],
  ])('says which check is not well when one %s, and that the others are', async (_what, bot, because) => {
    const served = await serve({ probes: [well, bot] });

    const answer = await served.at('/healthz');

    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ healthy: false, checks: { worker: 'well', bot: because } });
    await served.close();
  });
});

describe('/metrics', () => {
  it('counts jobs, and says what is up', async () => {
    const served = await serve({ probes: [well, { name: 'bot', look: async () => 'down' }] });

    const text = await (await served.at('/metrics')).text();

    expect(text).toContain('etcd_medic_jobs{queue="runs",state="waiting"} 3');
    expect(text).toContain('etcd_medic_up{check="worker"} 1');
    expect(text).toContain('etcd_medic_up{check="bot"} 0');
    await served.close();
  });

  it.each([
    ['fail', () => Promise.reject(new Error('Redis is away'))],
    ['never come', () => never],
  ])('keeps nothing that was counted before when the counts %s, and tells the rest', async (_what, broken) => {
    let look: typeof counts = counts;
    const served = await serve({ queueCounts: () => look() });
    expect(await (await served.at('/metrics')).text()).toContain('etcd_medic_jobs{');
    look = broken;

    const answer = await served.at('/metrics');

    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).not.toContain('etcd_medic_jobs{');
    expect(text).toContain('process_cpu_seconds_total');
    await served.close();
  });
});

describe('the address', () => {
  it('is the one that was asked for, and no other', async () => {
    const served = await serve();

    // Every address of 127.0.0.0/8 is this machine's: one that listens on all of them answers there.
    await expect(served.at('/healthz', '127.0.0.2')).rejects.toThrow('fetch failed');
    await served.close();
  });

  it('that is taken is named, with the variables to set', async () => {
    const served = await serve();

    await expect(serve({ port: served.port })).rejects.toMatchObject({
      message: `/healthz cannot be served on 127.0.0.1 port ${served.port}: another program has it.`,
      hint: expect.stringContaining('ETCD_MEDIC_HTTP_PORT') as string,
    });
    await served.close();
  });
});
