/** What is done with API 2, as the etcdctl command an operator would type: its flags are not those of API 3. */
import type { PlannedCommand } from '../engine/command.ts';
import type { TlsPaths } from './tls.ts';
import type { EtcdV2Commands } from './v2.ts';

/** Longer values are named by their size: the journal is no place for them. */
const longestShownValue = 256;

/** Makes the commands of one cluster. */
export function v2Commands({
  members,
  tls,
}: {
  readonly members: readonly { readonly clientUrl: string }[];
  readonly tls: TlsPaths | undefined;
}): EtcdV2Commands {
  const identity = tls === undefined ? [] : ['--ca-file', tls.ca, '--cert-file', tls.cert, '--key-file', tls.key];
  const etcdctl = (...words: readonly string[]): PlannedCommand => ({
    on: 'bot',
    argv: ['env', 'ETCDCTL_API=2', 'etcdctl', '--endpoints', members.map(({ clientUrl }) => clientUrl).join(','), ...identity, ...words],
  });
  return {
    put: (key, value) => etcdctl('set', '--', key, value.length > longestShownValue ? `<${Buffer.byteLength(value)} bytes>` : value),
    settle: () => etcdctl('ls', '--quorum', '/'),
  };
}
