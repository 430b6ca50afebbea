/** Channels that are kept while nobody uses them. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../src/host/channel.ts';
import { createIdleChannels } from '../../src/host/idle-channels.ts';
import { RunId } from '../../src/ids.ts';
import { look, scriptedHost, where } from './scripted-host.ts';

const seen = [{ line: { done: look() } }];

function fakeChannel() {
  let isOpen = true;
  const channel: Channel = {
    hello: { hello: 'etcd-medic-host', protocol: 1, oldest: 1, program: '0'.repeat(64), host: 'etcd01' },
    isOpen: () => isOpen,
    brokenBy: () => undefined,
    ask: () => Promise.reject(new Error('nobody asks it')),
    close: async () => {
      isOpen = false;
    },
  };
  return channel;
}

describe('idle channels', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('are given to one who goes the same way, once', async () => {
    const idle = createIdleChannels(1_000);
    const channel = fakeChannel();
    await idle.put('a', channel);

    expect([idle.take('b'), idle.take('a'), idle.take('a')]).toEqual([undefined, channel, undefined]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(channel.isOpen()).toBe(true);
  });

  it('are closed after a while, when another is kept already, and at the end', async () => {
    const idle = createIdleChannels(1_000);
    const [first, second, third, late] = [fakeChannel(), fakeChannel(), fakeChannel(), fakeChannel()];
    await idle.put('a', first);
    await idle.put('a', second);
    expect([first.isOpen(), second.isOpen()]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([first.isOpen(), idle.take('a')]).toEqual([false, undefined]);

    await idle.put('a', third);
    await idle.close();
    await idle.put('a', late);
    expect([third.isOpen(), late.isOpen()]).toEqual([false, false]);
  });

  it('are not given when the other end is gone', async () => {
    const idle = createIdleChannels();
    const channel = fakeChannel();
    await idle.put('a', channel);
    await channel.close();

    expect(idle.take('a')).toBeUndefined();
  });
});

describe('a host', () => {
  it('goes on over the channel that its run has left, and no other run does', async () => {
    const idle = createIdleChannels();
    const first = scriptedHost({ answers: { look: [seen] } }, { idle });
    await first.host.unit();
    await first.close({ keepsChannels: true });
    const second = scriptedHost({ answers: { look: [seen] } }, { idle });
    const other = scriptedHost({ answers: { look: [seen] } }, { idle, runId: RunId.parse('restore-prod-000001') });

    await Promise.all([second.host.unit(), other.host.unit()]);

    expect([first.channels(), second.channels(), first.requests().length, other.channels()]).toEqual([1, 0, 2, 1]);
    await idle.close();
  });

  it('looks over a new channel when the one that was kept breaks', async () => {
    const idle = createIdleChannels();
    const first = scriptedHost({ answers: { look: [seen, [{ exit: 1 }]] } }, { idle });
    await first.host.unit();
    await first.close({ keepsChannels: true });
    const second = scriptedHost({ answers: { look: [seen] } }, { idle });

    await second.host.unit();

    expect([first.requests().length, second.channels()]).toEqual([2, 1]);
    await idle.close();
  });

  it('keeps none where nobody said that its run goes on', async () => {
    const idle = createIdleChannels();
    const first = scriptedHost({ answers: { look: [seen] } }, { idle });
    await first.host.unit();
    await first.close();
    const second = scriptedHost({ answers: { look: [seen] } }, { idle });

    await second.host.unit();

    expect(second.channels()).toBe(1);
  });

  it('leaves none behind with a request under way', async () => {
    const idle = createIdleChannels();
    const h = scriptedHost({ answers: { look: [[{ silent: true }]] } }, { idle });
    const asked = h.host.unit().catch((error: unknown) => error);
    await vi.waitFor(() => expect(h.requests()).toHaveLength(1));

    await h.close({ keepsChannels: true });

    expect(await asked).toMatchObject({ code: 'HOST_UNREACHABLE', message: `The connection to ${where} was closed.` });
    expect(idle.take('')).toBeUndefined();
    await idle.close();
  });
});
