/** A secret shows itself to nobody but the one who asks for it. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('gives its value when it is asked to reveal it', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it.each([
    ['text', String(secret)],
    ['JSON', JSON.stringify({ secret })],
    ['inspect, as console.log does', inspect({ secret }, { depth: 9, showHidden: true })],
    ['its properties', JSON.stringify(Object.entries(secret))],
  ])('does not show in %s', (_, shown) => {
    expect(shown).not.toContain('hunter2');
  });
});
