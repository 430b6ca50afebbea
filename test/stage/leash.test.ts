/** A killed owner takes its children with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { until } from '../queue/until.ts';

const leashPath = fileURLToPath(new URL('leash.ts', import.meta.url));

/** Starts an owner with one child on the leash, and gives the child's pid. */
async function ownerAndChild() {
  const script = `
    import { spawn } from 'node:child_process';
    import { leash } from ${JSON.stringify(leashPath)};
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    leash(child);
    console.log(child.pid);
    process.stdin.resume();
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
  return { owner, pid: Number(line) };
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a child on the leash', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('ends when its owner is ended by %s', async (signal) => {
    const { owner, pid } = await ownerAndChild();
    const before = lives(pid);

    owner.kill(signal);

    expect(before).toBe(true);
    await until('the child is gone', () => !lives(pid));
  });
});
