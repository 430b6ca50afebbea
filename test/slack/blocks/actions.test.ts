/** What buttons carry, and what is not believed. */
import { describe, expect, it } from 'vitest';
import { gateActions, gateButtons, readGateValue } from '../../../src/slack/blocks/actions.ts';
import { choiceGate } from '../crossroads.ts';
import { gate } from '../fakes.ts';

describe('readGateValue', () => {
  it('reads what a button of ours carries', () => {
    const buttons = gateButtons(gate(), [{ verdict: 'approve', label: 'Approve' }]);
    const [button] = buttons.elements;

    expect(button?.type === 'button' && readGateValue(button.value)).toEqual({
      gateId: gate().gateId,
      verdict: 'approve',
      digest: gate().digest,
    });
  });

  it('reads which option a button of a choice carries', () => {
    const { elements } = gateButtons(choiceGate(), [
      { verdict: 'choose', option: 'start', label: 'Start etcd on etcd02' },
      { verdict: 'choose', option: 'survivor', label: 'Rebuild from etcd01' },
    ]);

    expect(elements.map((button) => button.action_id)).toEqual(['gate.choose.start', 'gate.choose.survivor']);
    expect(elements.map((button) => button.type === 'button' && readGateValue(button.value))).toEqual(
      ['start', 'survivor'].map((option) => ({ gateId: choiceGate().gateId, verdict: 'choose', digest: choiceGate().digest, option })),
    );
  });

  it.each([
    undefined,
    null,
    7,
    '',
    'yes',
    '{',
    '[]',
    '{}',
    '{"gateId":"x","verdict":"approve","digest":"d"}',
    JSON.stringify({ gateId: gate().gateId, verdict: 'delete', digest: 'd' }),
    'x'.repeat(5_000),
  ])('does not believe %s', (value) => {
    expect(readGateValue(value)).toBeUndefined();
  });
});

describe('gateActions', () => {
  it('keeps the ids that stand in old messages', () => {
    expect(gateActions).toEqual({
      approve: 'gate.approve',
      reject: 'gate.reject',
      retry: 'gate.retry',
      abort: 'gate.abort',
      choose: 'gate.choose',
      'cancel-break-glass': 'gate.cancel-break-glass',
    });
  });
});
