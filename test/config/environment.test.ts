/** .env.example and the schema of the environment say the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Environment } from '../../src/config/environment.ts';

describe('.env.example', () => {
  it('lists every variable with its description, and no other', () => {
    const listed = readFileSync('.env.example', 'utf8')
      .split('\n\n')
      .flatMap((paragraph) => {
        const [comment = '', variable = ''] = paragraph.trim().split('\n').slice(-2);
        const name = /^#?([A-Z_]+)=/.exec(variable)?.[1];
        return name === undefined ? [] : [[name, comment.replace(/^# /, '')]];
      });

    const read = Object.entries(Environment.shape).map(([name, { description }]) => [name, description]);

    expect(listed).toEqual(read);
  });
});
