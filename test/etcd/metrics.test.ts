import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { quotaBytes } from '../../src/etcd/metrics.ts';

const metrics = (value: string) => `# HELP etcd_server_quota_backend_bytes Current backend storage quota size in bytes.
# TYPE etcd_server_quota_backend_bytes gauge
etcd_server_quota_backend_bytes ${value}
etcd_server_quota_backend_bytes_other 7
`;

describe('metrics', () => {
  const servers: { close(): void }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const serving = async (status: number, body: string) => {
    const server = createServer((_request, response) => response.writeHead(status).end(body));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tls: undefined };
  };

  it('gives the quota as a number of bytes', async () => {
    expect(await quotaBytes(await serving(200, metrics('2.147483648e+09')))).toBe(2_147_483_648);
  });

  it('gives infinity for a quota that is switched off', async () => {
    expect(await quotaBytes(await serving(200, metrics('-1')))).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['it is not there', 200, 'etcd_server_version 1\n'],
    ['it is no number', 200, metrics('NaN')],
    ['the page is not there', 404, metrics('1')],
  ])('gives nothing when %s', async (_, status, body) => {
    expect(await quotaBytes(await serving(status, body))).toBeUndefined();
  });

  it('gives nothing when nobody answers', async () => {
    expect(await quotaBytes({ url: 'http://127.0.0.1:1', tls: undefined })).toBeUndefined();
  });
});
