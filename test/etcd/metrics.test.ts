import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { quotaBytes } from '../../src/etcd/metrics.ts';
import { MemberName } from '../../src/ids.ts';

const etcd01 = MemberName.parse('etcd01');
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
    return { member: etcd01, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tls: undefined };
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

  it('does not take a server in trouble for one that serves its metrics elsewhere', async () => {
    await expect(quotaBytes(await serving(503, metrics('1')))).rejects.toMatchObject({
      code: 'ETCD_UNREACHABLE',
      message: expect.stringContaining('HTTP status 503') as string,
    });
  });

  it('says that nobody answers, which is not the same as to say nothing', async () => {
    await expect(quotaBytes({ member: etcd01, url: 'http://127.0.0.1:1', tls: undefined })).rejects.toMatchObject({
      code: 'ETCD_UNREACHABLE',
      message: expect.stringContaining('etcd01 does not say its metrics (http://127.0.0.1:1/metrics: ') as string,
    });
  });

  it('asks a second time', async () => {
    let asked = 0;
    const server = createServer((request, response) => {
      asked += 1;
      if (asked === 1) request.socket.destroy();
      else response.end(metrics('7'));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    expect(await quotaBytes({ member: etcd01, url, tls: undefined })).toBe(7);
  });
});
