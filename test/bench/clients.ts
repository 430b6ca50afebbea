/** gRPC clients of the measuring side itself, one for each member: root by certificate, and no patience of their own. */
import { readFile } from 'node:fs/promises';
import { Etcd3 } from 'etcd3';
import type { IOptions } from 'etcd3';
import type { Lab } from '../lab/lab.ts';

const never = { dispose: () => undefined };
// etcd3 tries again and opens a circuit breaker for five seconds: what is measured here is what one call does.
const noPolicy = {
  onSuccess: () => never,
  onFailure: () => never,
  execute: async (work: (context: { signal: AbortSignal }) => unknown) => await work({ signal: new AbortController().signal }),
} as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

/** Connects lazily, one client for each member in the order of the hosts; whoever opens them closes them. */
export async function openClients({ hosts, pki }: Lab): Promise<readonly Etcd3[]> {
  const [rootCertificate, certChain, privateKey] = await Promise.all([readFile(pki.ca), readFile(pki.root.cert), readFile(pki.root.key)]);
  return hosts.map(
    ({ clientUrl }) =>
      new Etcd3({
        hosts: clientUrl,
        credentials: { rootCertificate, certChain, privateKey },
        faultHandling: { host: () => noPolicy, global: noPolicy },
        grpcOptions: {
          'grpc.use_local_subchannel_pool': 1,
          'grpc.enable_http_proxy': 0,
          // Otherwise a member that is back is not seen for seconds.
          'grpc.initial_reconnect_backoff_ms': 50,
          'grpc.max_reconnect_backoff_ms': 100,
        },
      }),
  );
}
