/** Delivers the answer of a worker to the channel it was asked in. */
import type { QueryRequest } from '../engine/runs.ts';
import type { Clock } from '../engine/ports.ts';
import type { Answer } from '../procedures/answer.ts';
import { answerMessage } from './blocks/answer.ts';
import { refusalMessage } from './blocks/reply.ts';
import type { Clients } from './clients.ts';
import type { Names } from './names.ts';
import { post, whisper } from './post.ts';

/** What came of a question, as the queue hands it over. */
export type Answered =
  | { readonly state: 'answered'; readonly answer: Answer }
  | { readonly state: 'failed'; readonly code: string; readonly because: string; readonly hint: string };

interface AnswerDeps {
  readonly clients: Clients;
  readonly names: Names;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Posts an answer: in the channel, for all who look at the incident; what failed only to who asked.
 * @throws OpsError SLACK_*: the outbox tries again
 */
export async function deliverAnswer({ clients, names, clock }: AnswerDeps, query: QueryRequest, answered: Answered): Promise<void> {
  const { channel, user } = query.requester;
  if (answered.state === 'failed') {
    await whisper(
      clients.arrival,
      { channel },
      user,
      refusalMessage(`${query.verb} ${query.cluster}: ${answered.because}`, answered.hint, [user]),
    );
    return;
  }
  const name = (await names.of([user])).get(user) ?? user;
  const at = clock.now().toISOString().slice(11, 19);
  await post(
    clients.arrival,
    { channel },
    answerMessage(answered.answer, `${query.verb} ${query.cluster}, asked by ${name}, read at ${at} UTC`),
  );
}
