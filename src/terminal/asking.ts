/** A person at the terminal of a run: what is typed while it is followed is said about that run, as if in its thread. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Desk } from '../commands/desk.ts';
import { splitWords } from '../commands/normalise.ts';
import type { Person, Reply } from '../commands/reply.ts';
import type { RunId } from '../ids.ts';
import type { Output } from './output.ts';

interface AskingDeps {
  readonly desk: Pick<Desk, 'take'>;
  readonly person: Person;
  /** The verbs, which begin something of their own and are not taken here. */
  readonly verbs: readonly { readonly id: string }[];
  readonly output: Output;
  readonly input: Readable;
  readonly show: (reply: Reply) => Promise<unknown>;
}

/** Takes lines until the returned function is called. The run does not wait for them. */
export function listenToPerson(deps: AskingDeps, run: RunId): () => void {
  // Lines come from the terminal's own line discipline, so Ctrl-C stays a signal.
  const lines = createInterface({ input: deps.input, terminal: false });
  let taken: Promise<unknown> = Promise.resolve();
  lines.on('line', (line) => {
    taken = taken.then(() => take(deps, run, line)).catch((error: unknown) => deps.output.remark(String(error)));
  });
  return () => {
    lines.close();
    // A terminal that nobody listens to must not keep the process.
    deps.input.pause();
  };
}

async function take({ desk, person, verbs, output, show }: AskingDeps, run: RunId, line: string): Promise<void> {
  const [word] = splitWords(line);
  if (word === undefined) return;
  if (verbs.some(({ id }) => id === word.toLowerCase())) {
    output.remark(
      `Here only words about ${run} are taken (\`reject\`, \`retry\`, \`abort\`, \`choose <option>\`, each with the code of the card, and \`show\`). Use another terminal for \`${word}\`.`,
    );
    return;
  }
  await show(await desk.take({ words: line, prefix: 'etcd-medic', run }, person));
}
