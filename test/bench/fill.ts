/** Fills a cluster with data of a given size, quickly: many requests at once, through all members side by side. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Etcd3 } from 'etcd3';
import type { Lab } from '../lab/lab.ts';
import { openClients } from './clients.ts';

/** Values that do not compress; fifty of them are a megabyte. */
const valueBytes = 20_000;
const valuesPerMegabyte = 1e6 / valueBytes;
/** Requests under way at a time, over all members: a request of `keys` is a megabyte, below etcd's limits of 1.5 MiB and 128 operations. */
const requestsAtOnce = { keys: 6, revisions: 48 } as const;
const requestTimeoutMs = 60_000;
/** etcd gives a write up after seconds, while one disk takes the logs of three members: then it is written again. */
const tries = 10;
const restBeforeNextTryMs = 1_000;
/** Of the revisions the oldest keys were written so often; almost all of the data is history then. */
const revisionsPerKey = 25;
const liveKeysMax = 50;

/** `keys`: every key is new. `revisions`: a few keys are written over and over, each time as a revision of its own. */
export type Filling = keyof typeof requestsAtOnce;

/** Writes so many megabytes of values. */
export async function fill(lab: Lab, megabytes: number, filling: Filling): Promise<void> {
  const clients = await openClients(lab);
  const requests = filling === 'keys' ? megabytes : megabytes * valuesPerMegabyte;
  const liveKeys = Math.min(liveKeysMax, Math.ceil(requests / revisionsPerKey));
  let next = 0;
  const writer = async (client: Etcd3) => {
    while (next < requests) {
      const request = next;
      next += 1;
      await patiently(async () => {
        const deadline = new Date(Date.now() + requestTimeoutMs);
        if (filling === 'keys') await client.kv.txn({ compare: [], success: putsOf(request), failure: [] }, { deadline });
        else
          await client.kv.put({ key: Buffer.from(`/bench/history/${request % liveKeys}`), value: randomBytes(valueBytes) }, { deadline });
      });
    }
  };
  try {
    const writers = Array.from({ length: requestsAtOnce[filling] }, (_, index) => clients[index % clients.length]);
    await Promise.all(writers.flatMap((client) => (client === undefined ? [] : [writer(client)])));
  } finally {
    for (const client of clients) client.close();
  }
}

async function patiently(write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      if (attempt === tries) throw error;
      await sleep(restBeforeNextTryMs);
    }
  }
}

function putsOf(request: number) {
  return Array.from({ length: valuesPerMegabyte }, (_, index) => ({
    request_put: { key: Buffer.from(`/bench/data/${request}/${index}`), value: randomBytes(valueBytes) },
  }));
}

/** Bytes of the largest database of the cluster. */
export async function dbSizeBytes(lab: Lab): Promise<number> {
  const { stdout } = await lab.etcdctl(['endpoint', 'status', '-w', 'json']);
  const members = JSON.parse(stdout) as readonly { readonly Status: { readonly dbSize: number } }[];
  return Math.max(...members.map(({ Status }) => Status.dbSize));
}
