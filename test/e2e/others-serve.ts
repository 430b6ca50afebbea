/** Waiting, past the bot, until a cluster goes on without one of its members. */
import { waitUntil } from '../lab/wait.ts';
import type { Stage } from '../stage/stage.ts';

const electedWithinMs = 60_000;

/** The one that was stopped may have led, and until the others have elected another there is no quorum to be seen. */
export async function othersServe({ lab }: Stage, stopped: string): Promise<void> {
  const others = lab.hosts.filter(({ name }) => name !== stopped);
  await Promise.all(
    others.map(async ({ name, clientUrl }) => {
      // Short tries: a read that comes before there is a leader is lost, and 3.4 never repeats it.
      const read = async () =>
        (await lab.etcdctl(['get', '/name/1', '--command-timeout=3s'], { endpoints: [clientUrl], reject: false })).exitCode === 0;
      await waitUntil(read, { for: `a linearizable read through ${name}`, withinMs: electedWithinMs });
    }),
  );
}
