/** Fills a lab's store. A busy machine at times gives one of many writes no answer in time, so what a test only needs is written again then. */
import { randomBytes } from 'node:crypto';
import type { Etcd } from '../../src/etcd/etcd.ts';
import type { Lab } from '../lab/lab.ts';
import { waitUntil } from '../lab/wait.ts';
import { connect, rawClient, settledWithinMs } from './lab-etcd.ts';

export const megabyte = 1_000_000;
/** More than twice what the smallest quota of these tests takes. */
const brimRounds = 40;

/** Puts a key until that was answered. */
export async function putSurely(etcd: Pick<Etcd, 'put'>, key: string, value: string): Promise<void> {
  await waitUntil(async () => await etcd.put(key, value), { for: `the put of ${key}`, withinMs: settledWithinMs });
}

/** Writes as many keys of a megabyte. */
export async function fill(lab: Lab, megabytes: number): Promise<void> {
  const etcd = connect(lab);
  try {
    for (let count = 0; count < megabytes; count += 1) await putSurely(etcd, `fill/${count}`, randomBytes(megabyte / 2).toString('hex'));
  } finally {
    etcd.close();
  }
}

/** Makes the store hold three directories and nothing else, the keys of one of them in two versions each. */
export async function fillDirectories(lab: Lab): Promise<void> {
  // All of it again: versions are counted, and only a key that was deleted begins anew.
  await waitUntil(
    async () => {
      await fillDirectoriesOnce(lab);
      return true;
    },
    { for: 'the directories', withinMs: settledWithinMs },
  );
}

async function fillDirectoriesOnce(lab: Lab): Promise<void> {
  const client = await rawClient(lab);
  const put = async (directory: string, count: number, value: string) => {
    const puts = Array.from({ length: count }, (_, index) => ({ key: Buffer.from(`${directory}/${index}`), value: Buffer.from(value) }));
    await client.kv.txn({ success: puts.map((one) => ({ request_put: one })) });
  };
  try {
    await client.delete().all();
    for (let part = 0; part < 20; part += 1) {
      await put(`/registry/events/ns${part}`, 100, 'first');
      await put(`/registry/events/ns${part}`, 100, 'second');
    }
    await put('/registry/secrets/a', 100, 'x'.repeat(4_000));
    await put('/registry/secrets/b', 100, 'x'.repeat(4_000));
    await put('config', 50, 'y');
  } finally {
    client.close();
  }
}

/** Overwrites four keys until etcd refuses for want of space. @throws Error when it never does */
export async function fillToTheBrim(etcd: Pick<Etcd, 'put'>): Promise<void> {
  let last: unknown;
  for (let round = 0; round < brimRounds; round += 1) {
    try {
      await etcd.put(`brim/${round % 4}`, 'z'.repeat(megabyte));
    } catch (failure) {
      if (String(failure).includes('space exceeded')) return;
      last = failure;
    }
  }
  throw new Error(`${brimRounds} writes did not fill the store`, { cause: last });
}
