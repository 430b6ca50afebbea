/** The help is made from the declarations. */
import { describe, expect, it } from 'vitest';
import { helpAll, helpOn } from '../../src/commands/help.ts';
import { deskWords } from '../../src/commands/words.ts';
import { clusters, verbs } from './verbs.ts';

const deps = { verbs, clusters, prefix: '/etcd' };
const textOf = (answer: ReturnType<typeof helpAll>) => answer.parts.map((part) => (part.type === 'table' ? '' : part.text)).join('\n');

describe('helpAll', () => {
  it('has one line for each verb', () => {
    const lines = textOf(helpAll(deps)).split('\n');

    for (const { id, summary } of [...verbs, ...deskWords])
      expect(lines.filter((line) => line.startsWith(`  ${id} `) || line === `  ${id}`).map((line) => line.includes(summary))).toEqual([
        true,
      ]);
  });
});

describe('helpOn', () => {
  it('shows usage, options and an example', () => {
    const text = textOf(helpOn('restore', deps));

    expect(text).toContain('/etcd restore <cluster> [--snapshot <id|latest>] [--while-healthy] [--plan]');
    expect(text).toContain('--snapshot <id|latest>  which');
    expect(text).toContain('/etcd restore prod --snapshot latest');
  });

  it('uses a member of the cluster in the example', () => {
    expect(textOf(helpOn('replace-member', deps))).toContain('/etcd replace-member prod etcd03');
  });

  it('names the run where a verb is about one', () => {
    const text = textOf(helpOn('undo', deps));

    expect(text).toContain('/etcd undo <run> [--plan]');
    expect(text).toContain('/etcd undo restore-prod-7f3a9c');
  });

  it("explains the desk's own words too", () => {
    expect(textOf(helpOn('approve', deps))).toContain('/etcd approve <run>');
  });
});
