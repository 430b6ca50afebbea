/** 10,000 requests that nobody thought of, to the real program: it neither crashes nor hangs, and writes nowhere else. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { randomOf, requestOf } from './mutations.ts';
import { fuzzCounts } from './rows.ts';
import { data, inside, useTarget } from './target.ts';

const requestsMin = 10_000;
const fuzzedWithinMs = 900_000;
const perChannelMax = 24;
const answerWithinMs = 5_000;
const server = readFileSync(new URL('channels.py', import.meta.url), 'utf8');

describe('the program, given requests at random', () => {
  const on = useTarget('attack-fuzz', '3.4', { dataDirSizeMiB: 400 });

  it(
    'answers 10,000 of them or ends the channel, and changes nothing but its own',
    { tags: ['long'], timeout: fuzzedWithinMs },
    async () => {
      const counts = new Map<string, number>();
      const count = (outcome: string) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      const random = randomOf(20_260_101);

      await on.watched(async () => {
        on.mayChange('/etc/default/etcd');
        const channels = openChannels(await inside(on.lab, 'etcd01'));
        let reached = 0;
        while (reached < requestsMin) {
          const requests = Array.from({ length: 1 + (random() % perChannelMax) }, () => requestOf(random));
          const { lines, stderr, status, slowest_ms: slowestMs } = await channels.send(requests);
          expect({ stderr, status }, JSON.stringify(requests.map(String)).slice(0, 4_000)).toEqual({ stderr: '', status: 0 });
          expect(slowestMs).toBeLessThan(answerWithinMs);
          const outcomes = lines.flatMap(outcomeOf);
          outcomes.forEach(count);
          reached += outcomes.length;
          count('channels');
        }
        await channels.close();
        expect((await on.asRoot('ls -A /data/etcd')).stdout.split('\n').filter((name) => !/^data(?:$|\.)/.test(name))).toEqual([]);
        expect((await on.asRoot(`grep -h unforeseen /var/log/etcd-medic-host.log*; systemctl is-active etcd; ls ${data}`)).stdout).toBe(
          'active\nmember',
        );
        await on.lab.waitHealthy();
        return '';
      });

      fuzzCounts.forget();
      for (const [outcome, times] of counts) fuzzCounts.add({ file: basename(import.meta.filename), outcome, times, of: on.on() });
    },
  );
});

interface Came {
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly status: number;
  readonly slowest_ms: number;
}

function openChannels([file = '', ...args]: readonly string[]): {
  send(requests: readonly Buffer[]): Promise<Came>;
  close(): Promise<void>;
} {
  const child = spawn(file, [...args, 'python3', '-I', '-c', server], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async send(requests) {
      child.stdin.write(`${Buffer.concat(requests).toString('base64')}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the channels ended');
      return JSON.parse(value) as Came;
    },
    async close() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await ended;
    },
  };
}

function outcomeOf(line: string): readonly string[] {
  if (/^\{"id":-?\d+,"done":/.test(line)) return ['answered'];
  const code = /^\{"id":-?\d+,"error":\{"code":"([A-Z_]+)"/.exec(line)?.[1];
  return code === undefined ? [] : [code];
}
