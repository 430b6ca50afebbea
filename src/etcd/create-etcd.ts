/** Puts the parts together: one cluster's Etcd over gRPC. */
import { allOf } from '../engine/finding.ts';
import type { RecordCommand } from '../engine/command.ts';
import type { Clock } from '../engine/ports.ts';
import type { MemberName } from '../ids.ts';
import { hashesAgree, looksAgree } from './agree.ts';
import { authEnabled } from './auth-enabled.ts';
import { etcdCommands, recorded } from './commands.ts';
import type { EtcdCommands } from './commands.ts';
import { connectEndpoint } from './endpoint.ts';
import type { PasswordAuth } from './endpoint.ts';
import type { Etcd } from './etcd.ts';
import { hashes } from './hashes.ts';
import { deleteKey, endpointOf, getKey, putKey } from './key-values.ts';
import { look } from './look.ts';
import { readSnapshotFile } from './snapshot-file.ts';
import { saveSnapshot } from './snapshot-stream.ts';
import { loadTls } from './tls.ts';
import type { TlsPaths } from './tls.ts';
import type { TrailerVerdict } from './trailer.ts';
import { v2Keys } from './v2-keys.ts';

/** What a cluster's Etcd is made of. */
export interface EtcdOptions {
  /** In the order of the configuration, which is the order of every answer. */
  readonly members: readonly { readonly name: MemberName; readonly clientUrl: string }[];
  readonly tls?: TlsPaths | undefined;
  /** Used only when etcd does not take the certificate's CN for a user, or there is no certificate. */
  readonly auth?: PasswordAuth | undefined;
  /** Takes what changes something or moves data, as the etcdctl command it amounts to. */
  readonly record: RecordCommand;
  readonly clock: Clock;
}

/** One cluster over gRPC; `close` ends its connections. */
export interface EtcdOverGrpc extends Etcd {
  /** What the methods that act do, as commands for a plan. */
  readonly commands: EtcdCommands;
  /** Reads a stored snapshot from end to end: its size, SHA-256, and whether it is whole by the trailer it ends with. */
  readSnapshotFile(path: string): Promise<TrailerVerdict>;
  close(): void;
}

/**
 * Connects lazily: nothing is sent before the first question.
 * @throws OpsError ETCD_TLS_FAILED when the TLS files cannot be used
 */
export function createEtcd({ members, tls, auth, record, clock }: EtcdOptions): EtcdOverGrpc {
  const material = tls === undefined ? undefined : loadTls(tls, clock.now());
  const endpoints = members.map(({ name, clientUrl }) => connectEndpoint({ member: name, url: clientUrl }, { tls: material, auth, clock }));
  const commands = etcdCommands({ members, tls, user: auth?.user });
  const deps = { endpoints, clock };
  const recording = { record, clock };

  return {
    look: () => look(deps),
    hashes: () => hashes(deps),
    membersAgree: async () => {
      const seen = looksAgree(await look(deps));
      return seen.holds ? allOf([seen, hashesAgree(await hashes(deps))]) : seen;
    },
    authEnabled: () => authEnabled(deps),
    v2Keys: () => v2Keys(deps),
    saveSnapshot: (from, toPath, progress) =>
      recorded(
        recording,
        {
          command: commands.saveSnapshot(from, toPath),
          changes: true,
          output: ({ bytes, sha256 }) => `Snapshot saved at ${toPath}\n${bytes} bytes, SHA-256 ${sha256}`,
        },
        () => saveSnapshot({ endpoint: endpointOf(endpoints, from), clock }, toPath, progress),
      ),
    put: (key, value) =>
      recorded(recording, { command: commands.put(key, value), changes: true, output: () => 'OK' }, () => putKey(deps, key, value)),
    get: (key, { from } = {}) => getKey(deps, key, from === undefined ? undefined : endpointOf(endpoints, from)),
    delete: async (key) => {
      await recorded(recording, { command: commands.delete(key), changes: true, output: String }, () => deleteKey(deps, key));
    },
    commands,
    readSnapshotFile,
    close: () => {
      for (const endpoint of endpoints) endpoint.close();
    },
  };
}
