import { describe, expect, it } from 'vitest';
import { UserId } from '../../src/ids.ts';
import { personOf } from '../../src/terminal/identity.ts';

const terminalUsers = { alice: UserId.parse('U0ALICE') };

describe('the person at a terminal', () => {
  it('is whom config.yaml says the user of the machine is', () => {
    expect(personOf(terminalUsers, () => 'alice')).toBe('U0ALICE');
  });

  it.each<[string, Parameters<typeof personOf>[0], () => string, string]>([
    ['whom nobody names', terminalUsers, () => 'mallory', 'mallory'],
    ['who is named like something every object has', terminalUsers, () => 'constructor', 'constructor'],
    ['when no users are named at all', undefined, () => 'alice', 'alice'],
    [
      'whom the machine has no name for',
      terminalUsers,
      () => {
        throw new Error('ENOENT');
      },
      'no name',
    ],
  ])('is refused %s', (_who, users, userName, named) => {
    expect(() => personOf(users, userName)).toThrow(
      expect.objectContaining({ code: 'NOT_ALLOWED', message: expect.stringContaining(named) }),
    );
  });
});
