/**
 * One JSON object a line, for programs. docs/terminal.md describes each kind; fields may be added, and none is removed, renamed or given
 * another meaning.
 */
import { gateCode } from '../engine/gate-code.ts';
import type { JournalEntry } from '../engine/journal.ts';
import { checkupJson } from './checkup-text.ts';
import type { Output } from './output.ts';

/** Everything goes to one stream: a refusal is an answer too. */
export function createJson({ print }: { readonly print: (line: string) => void }): Output {
  const say = (value: Readonly<Record<string, unknown>>) => print(escaped(JSON.stringify(value)));
  return {
    started: (run, sentence) => say({ kind: 'started', run: run.runId, sentence, request: run }),
    entry: ({ run }, entry) => say(entryJson(run.runId, entry)),
    answer: ({ headline, parts, next }) => say({ kind: 'answer', headline, parts, next }),
    journal: ({ run }, entries) => {
      for (const entry of entries) say(entryJson(run.runId, entry));
    },
    checkup: (parts) => say(checkupJson(parts)),
    receipt: ({ run, counted, sentence }) => say({ kind: 'receipt', run, counted, sentence }),
    held: ({ by, sentence, next }) => say({ kind: 'held', run: by.run.runId, sentence, next }),
    refused: ({ code, sentence, next }) => say({ kind: 'refused', code, sentence, next }),
    left: (run) => say({ kind: 'left', run }),
    remark: () => undefined,
  };
}

/** A gate comes with the code that words name it by. */
function entryJson(run: string, entry: JournalEntry): Readonly<Record<string, unknown>> {
  return { kind: 'entry', run, ...entry, ...(entry.type === 'gate-opened' && { gateCode: gateCode(entry.gate.gateId) }) };
}

/** JSON leaves these as they are; some terminals obey them, and none shows them. They mean the same when they are escaped. */
const misleading = /[\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}]+/gu;

function escaped(json: string): string {
  return json.replaceAll(misleading, (characters) => characters.split('').map(unitEscaped).join(''));
}

function unitEscaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
