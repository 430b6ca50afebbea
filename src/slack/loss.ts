/** Says in a run's thread and in the channel that Redis was emptied and the run is gone; takes the buttons off what can be answered no more. */
import type { LostRun } from '../queue/marker.ts';
import { refusalMessage } from './blocks/reply.ts';
import type { Clients } from './clients.ts';
import { edit, post } from './post.ts';

interface LostDelivery {
  readonly run: LostRun;
  readonly because: string;
  readonly hint: string;
}

/** @throws OpsError SLACK_*: the outbox tries again, and may then say it twice rather than not at all */
export async function tellLoss(
  { clients: { arrival } }: { readonly clients: Clients },
  { run, because, hint }: LostDelivery,
): Promise<void> {
  const { runId, procedure, cluster, channel, rootTs, cardTs, requestedBy } = run;
  if (channel === '') return;
  const told = refusalMessage(`${procedure} ${cluster}: ${because}`, hint, [requestedBy]);
  // Edits first: they may be repeated without being seen twice.
  if (cardTs !== undefined) await edit(arrival, channel, cardTs, told);
  if (rootTs !== undefined) await edit(arrival, channel, rootTs, told);
  const place = rootTs === undefined ? { channel } : { channel, threadTs: rootTs, broadcast: true };
  await post(arrival, place, told, { run: runId, key: 'lost' });
}
