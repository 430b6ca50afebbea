/** The end of a run in its thread. */
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../../src/engine/view.ts';
import { summaryMessage } from '../../../src/slack/blocks/summary.ts';
import { chained } from '../../fakes/chain.ts';
import { journalOf, request } from '../fakes.ts';
import { ended } from '../story.ts';

const run = request();
const entries = journalOf(ended);
const textOf = (of: typeof entries) => JSON.stringify(summaryMessage(viewOf(run, of)).blocks);

describe('the summary', () => {
  it('holds the head of the journal, whole, so that it can be compared later', () => {
    const whole = chained(run, entries).entries;

    expect(textOf(whole)).toContain(`Journal: ${whole.length} entries, sha256 \`${whole.at(-1)?.hash}\``);
  });

  it('claims no head for a journal that has none', () => {
    expect(textOf(entries)).not.toContain('sha256');
  });

  it('shows what is typed to go back whole, apart from the sentences around it', () => {
    const commands = Array.from({ length: 40 }, (_, index) => `etcd0${(index % 5) + 1}$ mv /data/etcd/data-${index} /data/etcd/data`);
    const conclusion = ['It was aborted.', 'To go back by hand:', ...commands, 'etcd09 does not say it.'].join('\n');

    const { blocks } = summaryMessage({ ...viewOf(run, entries), conclusion });

    const [first, second, third] = blocks.map((block) => JSON.stringify(block));
    expect(first).toContain('To go back by hand:');
    expect(second).toContain('rich_text_preformatted');
    for (const command of commands) expect(second).toContain(command);
    expect(third).toContain('etcd09 does not say it.');
  });
});
