/** Fills a cluster with data of a given size, quickly: many keys at once, through all members side by side. */
import { randomFillSync } from 'node:crypto';
import type { Etcd3 } from 'etcd3';
import type { Lab } from '../lab/lab.ts';
import { openClients } from './clients.ts';

/** Each request writes one megabyte: below etcd's limits of 1.5 MiB and 128 operations. */
const valueBytes = 20_000;
const keysPerRequest = 50;
/** Requests under way at a time, over all members. */
const requestsAtOnce = 6;
const requestTimeoutMs = 60_000;

/** `keys`: every key is new. `revisions`: a few keys are written over and over, so that almost all of it is history. */
export type Filling = 'keys' | 'revisions';
/** Megabytes of live data when all else is history. */
const liveMegabytes = 10;

/** Writes so many megabytes of values that do not compress. */
export async function fill(lab: Lab, megabytes: number, filling: Filling): Promise<void> {
  const clients = await openClients(lab);
  const live = filling === 'keys' ? megabytes : Math.min(liveMegabytes, megabytes);
  let next = 0;
  const writer = async (client: Etcd3) => {
    const value = Buffer.alloc(valueBytes);
    while (next < megabytes) {
      const request = next % live;
      next += 1;
      const puts = Array.from({ length: keysPerRequest }, (_, index) => ({
        request_put: { key: Buffer.from(`/bench/data/${request}/${index}`), value: Buffer.from(randomFillSync(value)) },
      }));
      await client.kv.txn({ compare: [], success: puts, failure: [] }, { deadline: new Date(Date.now() + requestTimeoutMs) });
    }
  };
  try {
    await Promise.all(Array.from({ length: requestsAtOnce }, (_, index) => writer(clients[index % clients.length] as Etcd3)));
  } finally {
    for (const client of clients) client.close();
  }
}

/** Bytes of the largest database of the cluster. */
export async function dbSizeBytes(lab: Lab): Promise<number> {
  const { stdout } = await lab.etcdctl(['endpoint', 'status', '-w', 'json']);
  const members = JSON.parse(stdout) as readonly { readonly Status: { readonly dbSize: number } }[];
  return Math.max(...members.map(({ Status }) => Status.dbSize));
}
