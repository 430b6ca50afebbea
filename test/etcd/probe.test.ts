import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { probe } from '../../src/etcd/probe.ts';
import type { TlsMaterial } from '../../src/etcd/tls.ts';
import { testPki } from './pki.ts';
import type { KeyPair, TestPki } from './pki.ts';

const limitMs = 2_000;

describe('probe', () => {
  let pki: TestPki;
  let ca: KeyPair;
  let other: KeyPair;
  beforeAll(() => {
    pki = testPki();
    ca = pki.authority('ca');
    other = pki.authority('other');
  });
  afterAll(() => pki[Symbol.dispose]());

  const read = ({ cert, key }: KeyPair) => ({ cert: readFileSync(cert), key: readFileSync(key) });
  const client = (by = ca): TlsMaterial => ({ ca: readFileSync(ca.cert), ...read(pki.certificate('client', { by, commonName: 'root' })) });
  const portOf = async (server: Server) => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  };
  /** Serves HTTP/2 as etcd does: TLS, and a client certificate of `ca` demanded. */
  const serveWith = async (pair: KeyPair) => {
    const server = createSecureServer({ ...read(pair), ca: readFileSync(ca.cert), requestCert: true, rejectUnauthorized: true });
    return `https://127.0.0.1:${await portOf(server)}`;
  };
  const serve = (by: KeyPair, names: string) => serveWith(pki.certificate('server', { by, commonName: 'etcd01', names }));

  it('finds nothing wrong with a server that answers', async () => {
    expect(await probe(await serve(ca, 'IP:127.0.0.1'), client(), limitMs)).toBeUndefined();
  });

  it('names a certificate of another authority', async () => {
    expect(await probe(await serve(other, 'IP:127.0.0.1'), client(), limitMs)).toEqual({
      code: 'tls',
      reason: "the member's certificate is signed by another CA than the one configured",
    });
  });

  it('names a certificate that has expired, with its date', async () => {
    const url = await serveWith(pki.expired('server', { by: ca, commonName: 'etcd01', names: 'IP:127.0.0.1' }));

    expect(await probe(url, client(), limitMs)).toEqual({
      code: 'tls',
      reason: "the member's certificate expired on 2020-02-01T00:00:00.000Z",
    });
  });

  it('names an address that the certificate does not cover, and those it does', async () => {
    expect(await probe(await serve(ca, 'DNS:etcd01,IP:10.0.0.31'), client(), limitMs)).toEqual({
      code: 'tls',
      reason: "the member's certificate does not cover 127.0.0.1, only DNS:etcd01, IP Address:10.0.0.31",
    });
  });

  it('says that the member refuses our certificate', async () => {
    const found = await probe(await serve(ca, 'IP:127.0.0.1'), client(other), limitMs);

    expect(found).toEqual({
      code: 'tls',
      reason: 'the member closed the connection after the TLS handshake: it may not accept our client certificate',
    });
  });

  it('knows a refused connection', async () => {
    const server = createServer();
    const port = await portOf(server);
    server.close();
    await once(server, 'close');

    expect(await probe(`https://127.0.0.1:${port}`, client(), limitMs)).toEqual({ code: 'refused', reason: 'connection refused' });
  });

  it('knows a server that speaks no TLS', async () => {
    const port = await portOf(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));

    expect(await probe(`https://127.0.0.1:${port}`, client(), limitMs)).toMatchObject({
      code: 'tls',
      reason: expect.stringContaining('does not speak TLS') as string,
    });
  });

  it('suggests https to a client that does not use it', async () => {
    const url = new URL(await serve(ca, 'IP:127.0.0.1'));

    expect(await probe(`http://${url.host}`, undefined, limitMs)).toMatchObject({ code: 'other' });
  });

  it('gives up on a server that says nothing', async () => {
    const port = await portOf(createServer(() => undefined));

    expect(await probe(`http://127.0.0.1:${port}`, undefined, 100)).toEqual({ code: 'timeout', reason: 'no answer within 100 ms' });
  });
});
