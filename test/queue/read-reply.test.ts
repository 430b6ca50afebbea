/** Waiting for the answer to a question, over a Redis that stops answering for a while. */
import { describe, expect, it } from 'vitest';
import { readReply } from '../../src/queue/read-reply.ts';
import { createPatience } from '../../src/terminal/patience.ts';
import { fakeClock } from '../slack/fakes.ts';

const reply = { state: 'answered', answer: { headline: 'prod: 3 of 3 voters answer.', parts: [] } };
const late = () => Promise.reject(new Error('Command timed out'));
const unanswered = () => Promise.resolve({ returnvalue: null });
const answered = () => Promise.resolve({ returnvalue: reply });

/** Waits over what each look gives, the last one for ever. */
async function waited(looks: readonly (() => Promise<unknown>)[]) {
  const said: string[] = [];
  const { now, forward } = fakeClock();
  const clock = { now, sleep: async (ms: number) => forward(ms) };
  let count = 0;
  const queries = { getJob: () => (looks[Math.min(count++, looks.length - 1)] ?? late)() } as never;
  const patiently = createPatience({ clock, tell: (sentence) => void said.push(sentence) });
  return { reply: await readReply({ queries, clock, limitMs: 130_000, patiently }, '1'), said };
}

describe('a person who waits for an answer', () => {
  it('gets it though Redis did not answer for a while, and is told once of that', async () => {
    const { reply: got, said } = await waited([unanswered, late, late, unanswered, answered]);

    expect(got).toEqual(reply);
    expect(said).toEqual([expect.stringContaining('Redis does not answer'), 'Redis answers again.']);
  });

  it('is told that Redis is away when it stays so', async () => {
    await expect(waited([unanswered, late])).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: 'Redis has not answered for 30 s.',
    });
  });

  it('is told that no worker answers when that is so', async () => {
    await expect(waited([unanswered])).rejects.toMatchObject({ code: 'ETCD_UNREACHABLE' });
  });
});
