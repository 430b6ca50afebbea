/** The window that asks for the name: within Slack's limits whatever it has to show, and what is not believed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterName } from '../../../src/ids.ts';
import { confirmView, readConfirmMetadata } from '../../../src/slack/blocks/confirm.ts';
import type { ConfirmMetadata } from '../../../src/slack/blocks/confirm.ts';
import { limits } from '../../../src/slack/limits.ts';
import { attestGate } from '../crossroads.ts';
import { gate } from '../fakes.ts';
import { blockFaults, hostile } from '../within-limits.ts';

const { gateId, digest } = gate();
const metadata: ConfirmMetadata = {
  value: { gateId, digest, verdict: 'approve' },
  cluster: ClusterName.parse('prod'),
  channel: { id: 'C0INCIDENT', name: 'inc-etcd' },
  threadTs: '1763780000.000100',
};

describe('confirmView', () => {
  it('names the step, what is lost, and what is to be typed', () => {
    const shown = JSON.stringify(confirmView(gate(), metadata));

    expect(shown).toContain('Stop etcd on 3 hosts and put the snapshot’s data in place');
    expect(shown).toContain('all writes after revision 48213');
    expect(shown).toContain('Type the name of the cluster, prod');
  });

  it('asks for a word where something is attested', () => {
    const view = confirmView(attestGate(), metadata);

    expect(view).toMatchObject({ title: { text: 'Attest this' }, submit: { text: 'I attest this' } });
    expect(JSON.stringify(view)).toContain('etcd03’s host is switched off');
  });

  it('carries what binds it to the gate and the plan', () => {
    expect(readConfirmMetadata(confirmView(gate(), metadata).private_metadata ?? '')).toEqual(metadata);
  });

  it('is one that Slack takes, whatever the gate holds', () => {
    const facts = fc.dictionary(hostile, hostile, { maxKeys: 12 });
    fc.assert(
      fc.property(hostile, hostile, facts, fc.option(hostile, { nil: undefined }), (title, reason, shown, attests) => {
        const view = confirmView(gate({ title, reason, facts: shown, ...(attests !== undefined && { attests }) }), {
          ...metadata,
          value: { ...metadata.value, digest: 'd'.repeat(128) },
          channel: { id: 'C'.repeat(20), name: 'n'.repeat(80) },
        });

        const { blocks, title: name, submit, close, private_metadata: carried = '' } = view;
        expect(blocks.length).toBeLessThanOrEqual(limits.blocksPerView);
        expect(blocks.flatMap((block) => ('label' in block ? [] : blockFaults(block as never)))).toEqual([]);
        expect(name.text.length).toBeLessThanOrEqual(limits.viewTitleCharacters);
        for (const button of [submit, close]) expect(button?.text.length).toBeLessThanOrEqual(limits.viewButtonCharacters);
        expect(carried.length).toBeLessThanOrEqual(limits.privateMetadataCharacters);
        const labels = blocks.flatMap((block) => ('label' in block ? [block.label.text] : []));
        expect(labels).toHaveLength(1);
        expect(labels[0]?.length).toBeLessThanOrEqual(limits.inputLabelCharacters);
      }),
      { numRuns: 60 },
    );
  });
});

describe('readConfirmMetadata', () => {
  it.each(['', 'x', '{', '[]', '{}', JSON.stringify({ ...metadata, cluster: 'Not a name' }), 'x'.repeat(5_000)])(
    'does not believe %s',
    (text) => {
      expect(readConfirmMetadata(text)).toBeUndefined();
    },
  );
});
