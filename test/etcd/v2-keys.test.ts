import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { v2Keys } from '../../src/etcd/v2-keys.ts';
import { MemberName } from '../../src/ids.ts';

/** Serves one answer on the v2 API. */
async function member(status: number, body: string) {
  const server = createServer((request, response) =>
    response.writeHead(request.url?.startsWith('/v2/keys/') === true ? status : 500).end(body),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { member: MemberName.parse('etcd01'), url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tls: undefined };
}

const empty = () => member(200, '{"action":"get","node":{"dir":true}}\n');
const filled = () => member(200, '{"action":"get","node":{"dir":true,"nodes":[{"key":"/old","value":"1"}]}}\n');
const notServed = () => member(404, '404 page not found\n');
const nobody = () => Promise.resolve({ member: MemberName.parse('etcd01'), url: 'http://127.0.0.1:1', tls: undefined });

describe('v2-keys', () => {
  it.each([
    ['some when any member lists a key', [empty, filled, notServed], 'some'],
    ['none when those that serve the API list nothing', [empty, notServed], 'none'],
    ['not-served when nobody serves it', [notServed, notServed], 'not-served'],
    ['not-served by those that answer', [notServed, nobody], 'not-served'],
    ['unknown when nobody answers', [nobody], 'unknown'],
    ['unknown when API 2 wants a user', [() => member(401, '{}'), empty], 'unknown'],
    ['unknown for an answer in another form', [() => member(200, 'null'), () => member(200, 'hello')], 'unknown'],
  ] as const)('is %s', async (_what, makers, expected) => {
    const endpoints = await Promise.all(makers.map((make) => make()));

    expect(await v2Keys({ endpoints })).toBe(expected);
  });

  it('does not read a long listing to its end', async () => {
    const endpoints = [await member(200, '{"node":{"nodes":['.padEnd(1_000_000, ' '))];

    expect(await v2Keys({ endpoints })).toBe('some');
  });
});
