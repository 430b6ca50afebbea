/** A lock between processes of this machine that the kernel frees when its holder dies. */
import { createServer } from 'node:net';
import { waitUntil } from './wait.ts';

export interface LockOptions {
  readonly withinMs: number;
  /** Called once when someone else holds it. */
  readonly onWait?: () => void;
}

/**
 * Does something while holding the lock of that name.
 * The lock is a listening socket in the abstract namespace: taking it is atomic and no file of a dead holder is ever left (unix(7)).
 */
export async function withLock<T>(name: string, options: LockOptions, task: () => Promise<T>): Promise<T> {
  let told = false;
  const server = await waitUntil(
    async () => {
      const taken = await listen(`\0etcd-medic-lab/${name}`);
      if (!taken && !told) {
        told = true;
        options.onWait?.();
      }
      return taken;
    },
    { for: `the lock ${name}`, withinMs: options.withinMs, everyMs: 50 },
  );
  try {
    return await task();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function listen(path: string) {
  const server = createServer((socket) => socket.destroy());
  return await new Promise<typeof server | undefined>((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(path, () => resolve(server));
  });
}
