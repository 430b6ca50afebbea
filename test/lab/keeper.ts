/** Outlives the process that made a lab by the second it takes to remove the lab: runs `down` when its stdin closes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { down } from './teardown.ts';

export interface Keeper {
  /** Tells it that the lab is gone already, and waits until it has left. */
  release(): Promise<void>;
}

/** The kernel closes the pipe when its owner dies, even by SIGKILL: nothing has to run in the owner. */
export function startKeeper(name: string, id: string): Keeper {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), name, id], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // `error` instead of `exit` when it could not be started: then there is nothing to wait for either.
  const left = once(child, 'exit').catch(() => undefined);
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  // A pipe to a child is a socket and would keep the owner from ending by itself.
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    async release() {
      if (child.pid === undefined || child.exitCode !== null) return;
      child.ref();
      child.stdin.end('released');
      await left;
    },
  };
}

if (import.meta.main) {
  const [, , name = '', id = ''] = process.argv;
  // A signal sent to the whole group of the owner must not end the one that cleans up.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  if ((await text(process.stdin)) !== 'released') await down(name, id);
}
