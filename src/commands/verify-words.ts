/** What came of recomputing a journal's chain, in words: whole, or which entry is the first that is not as it was written. */
import type { ChainFault, ChainVerdict } from '../engine/chain.ts';
import type { RunId } from '../ids.ts';
import type { AnswerPart } from '../procedures/answer.ts';
import { refused } from './reply.ts';
import type { Reply } from './reply.ts';

type Whole = Extract<ChainVerdict, { state: 'whole' }>;

const became: Readonly<Record<ChainFault, string>> = { changed: 'was changed', missing: 'is missing', moved: 'is not in its place' };
const distrust =
  'Rely on nothing in it from there on: the thread and the file at its end hold what was reported at the time. Find out who can write to Redis.';

/** @param noted the head as somebody wrote it down elsewhere */
export function verifyReply(run: RunId, verdict: ChainVerdict, noted?: string): Reply {
  if (verdict.state === 'broken')
    return refused(
      'JOURNAL_INVALID',
      `The journal of ${run} is not as it was written: entry ${verdict.seq} ${became[verdict.fault]}; ${verdict.because}.`,
      distrust,
    );
  const { head, begins, unchained } = verdict;
  if (head.entries === 0) return unwritten(run, noted);
  if (begins === undefined)
    return refused(
      'JOURNAL_INVALID',
      `The journal of ${run} has no chain: its ${head.entries} entries were written by a version of etcd-medic that made none.`,
      'Nobody can say whether they were changed. The thread holds what was reported at the time.',
    );
  if (unchained.length > 0)
    return refused(
      'JOURNAL_INVALID',
      `In the journal of ${run} entry ${unchained[0]} carries no hash though earlier ones do${unchained.length > 1 ? `, and so do ${unchained.length - 1} more` : ''}.`,
      'An older version of etcd-medic wrote it beside this one, or somebody put it in, or took the hash away.',
    );
  return chained(run, verdict, noted);
}

function unwritten(run: RunId, noted: string | undefined): Reply {
  if (noted === undefined) return { kind: 'answer', answer: { headline: `The journal of ${run} has no entries yet.`, parts: [] } };
  return refused('JOURNAL_INVALID', `The journal of ${run} has no entries, though a head of it was noted.`, distrust);
}

function chained(run: RunId, { head, begins = 0, hashes }: Whole, noted: string | undefined): Reply {
  const place = noted === undefined ? -1 : hashes.indexOf(noted);
  if (noted !== undefined && place === -1)
    return refused(
      'JOURNAL_INVALID',
      `The journal of ${run} is whole in itself, but none of its ${head.entries} entries has the head that was noted.`,
      'It was made anew or cut off since, or the head is that of another run.',
    );
  const sentences = [
    `Head: ${head.entries} entries, sha256 ${head.hash}.`,
    ...(begins === 0 ? [] : [olderPart(begins)]),
    ...(noted === undefined ? [] : [matched(place, head.entries)]),
  ];
  const headline =
    begins === 0
      ? `The journal of ${run} is whole: each of its ${head.entries} entries is chained to the one before, the first to what was asked for.`
      : `The journal of ${run} is whole from entry ${begins} on.`;
  const parts = sentences.map((text): AnswerPart => ({ type: 'sentence', text }));
  const next = `compare the head with the one in the summary in the thread: \`verify-journal ${run} --head <sha256>\`. Whoever can write to Redis could have made the whole chain anew, or taken entries off its end.`;
  return { kind: 'answer', answer: { headline, parts, ...(noted === undefined && { next }) } };
}

function olderPart(begins: number): string {
  const which = begins === 1 ? 'Entry 0 was' : `Entries 0 to ${begins - 1} were`;
  return `${which} written by a version of etcd-medic that made no chain. It begins with entry ${begins}, which holds them as they stood when it was written; whether they had been changed before, nobody can say.`;
}

function matched(place: number, entries: number): string {
  const later = entries - 1 - place;
  if (later === 0) return 'It ends in the very head that was noted.';
  return `The head that was noted is that of entry ${place}; ${later} ${later === 1 ? 'entry was' : 'entries were'} written after it.`;
}
