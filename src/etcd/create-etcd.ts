/** Puts the parts together: one cluster's Etcd over gRPC. */
import { allOf } from '../engine/finding.ts';
import type { RecordCommand } from '../engine/command.ts';
import type { Clock } from '../engine/ports.ts';
import type { Permit } from '../engine/tenure.ts';
import type { MemberName } from '../ids.ts';
import { hashesAgree, looksAgree } from './agree.ts';
import { disarm } from './alarms.ts';
import { endpointOf } from './ask.ts';
import { authEnabled } from './auth-enabled.ts';
import { acting, etcdCommands } from './commands.ts';
import type { EtcdCommands } from './commands.ts';
import { compact, isCompacted } from './compact.ts';
import { answersFromStore, defragment } from './defragment.ts';
import { connectEndpoint } from './endpoint.ts';
import type { Endpoint, PasswordAuth } from './endpoint.ts';
import type { Etcd } from './etcd.ts';
import { hashes } from './hashes.ts';
import { countKeys } from './count-keys.ts';
import { sampleKeys } from './key-pages.ts';
import { deleteKey, getKey, putKey } from './key-values.ts';
import { moveLeader } from './leadership.ts';
import { mayAdminister } from './may-administer.ts';
import { look } from './look.ts';
import { addLearner, promote, removeMember, updatePeerUrls } from './members.ts';
import { quotaBytes } from './metrics.ts';
import { readSnapshotFile } from './snapshot-file.ts';
import { saveSnapshot } from './snapshot-stream.ts';
import { loadTls } from './tls.ts';
import type { TlsPaths } from './tls.ts';
import type { TrailerVerdict } from './trailer.ts';
import { v2Commands } from './v2-commands.ts';
import { v2Keys } from './v2-keys.ts';
import { createV2 } from './v2-store.ts';

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
  /** Asked right before each request that changes something; what it throws keeps the request from being sent. */
  readonly permit: Permit;
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
export function createEtcd(options: EtcdOptions): EtcdOverGrpc {
  const { members, tls, auth, clock, permit } = options;
  const material = tls === undefined ? undefined : loadTls(tls, clock.now());
  const endpoints = members.map(({ name, clientUrl }) =>
    connectEndpoint({ member: name, url: clientUrl }, { tls: material, auth, clock, permit }),
  );
  return {
    ...throughEndpoints(endpoints, options),
    readSnapshotFile,
    close: () => {
      for (const endpoint of endpoints) endpoint.close();
    },
  };
}

/** One cluster asked through these endpoints, which others may ask through as well. */
function throughEndpoints(endpoints: readonly Endpoint[], options: EtcdOptions): Omit<EtcdOverGrpc, 'readSnapshotFile' | 'close'> {
  const { members, tls, auth, record, clock } = options;
  const asked = endpoints.map(({ member, url }) => ({ name: member, clientUrl: url }));
  const commands = etcdCommands({ members: asked, tls, user: auth?.user });
  const act = acting({ record, clock });
  const deps = { endpoints, clock, commands, act, configured: members };
  const of = (member: MemberName) => endpointOf(endpoints, member);

  return {
    look: () => look(deps),
    hashes: () => hashes(deps),
    membersAgree: async () => {
      const seen = looksAgree(await look(deps));
      return seen.holds ? allOf([seen, hashesAgree(await hashes(deps))]) : seen;
    },
    authEnabled: () => authEnabled(deps),
    mayAdminister: () => mayAdminister(deps),
    v2Keys: () => v2Keys(deps),
    saveSnapshot: (from, toPath, progress) =>
      act({
        command: commands.saveSnapshot(from, toPath),
        output: ({ bytes, sha256 }) => `Snapshot saved at ${toPath}\n${bytes} bytes, SHA-256 ${sha256}`,
        work: () => saveSnapshot({ endpoint: of(from), clock }, toPath, progress),
      }),
    put: (key, value) => act({ command: commands.put(key, value), output: () => 'OK', work: () => putKey(deps, key, value) }),
    get: async (key, { from } = {}) => await getKey(deps, key, from === undefined ? undefined : of(from)),
    delete: async (key) => {
      await act({ command: commands.delete(key), output: String, work: () => deleteKey(deps, key) });
    },
    among: (names) => throughEndpoints(names.map(of), options),

    addLearner: (peerUrls) => addLearner(deps, peerUrls),
    promote: (id) => promote(deps, id),
    removeMember: (id) => removeMember(deps, id),
    updatePeerUrls: (id, peerUrls) => updatePeerUrls(deps, id, peerUrls),
    moveLeader: (to) => moveLeader(deps, to),
    compact: (revision) => compact(deps, revision),
    isCompacted: (revision) => isCompacted(deps, revision),
    defragment: (member) => defragment(deps, member),
    answersFromStore: (member) => answersFromStore(deps, member),
    disarmNospace: (memberId) => disarm(deps, { memberId, type: 'NOSPACE' }),
    disarmCorrupt: (memberId) => disarm(deps, { memberId, type: 'CORRUPT' }),
    quotaBytes: async (member) => await quotaBytes(of(member)),
    sampleKeys: () => sampleKeys(deps),
    countKeys: () => countKeys(deps),
    v2: createV2({ endpoints, clock, record, commands: v2Commands({ members, tls }) }),
    commands,
  };
}
