/** What reads answers of hosts, members and Redis, and the words of people. */
import { clusters, verbs } from '../commands/verbs.ts';
import { didYouMean, nearest, quoted } from '../../src/commands/nearest.ts';
import { bareId, fromSlack, splitWords } from '../../src/commands/normalise.ts';
import { parseCommand, parseWords } from '../../src/commands/parse.ts';
import { etcdsWords } from '../../src/etcd/grpc-error.ts';
import { metricIn } from '../../src/etcd/metrics.ts';
import { directoryOf } from '../../src/etcd/prefix.ts';
import { alarmsOf } from '../../src/etcd/status.ts';
import { refusedV2, v2Sentence } from '../../src/etcd/v2-failure.ts';
import { certificateFacts, subjectAltNames } from '../../src/host/certificates.ts';
import { channelEnded, doorMissing, lastLines, programFailure } from '../../src/host/failures.ts';
import { parseLine, parseObject } from '../../src/host/protocol.ts';
import { parseSnapshotStatus } from '../../src/host/snapshot-status.ts';
import { MemberName } from '../../src/ids.ts';
import { knownHostsOf } from '../../src/init/known-hosts.ts';
import { shellWord } from '../../src/kit/values.ts';
import { runOf } from '../../src/procedures/judging/triage.ts';
import { initialClusterLine } from '../../src/procedures/replacing/join.ts';
import { v2KeyMistake } from '../../src/procedures/v2/v2-key.ts';
import { withoutMention } from '../../src/slack/listeners/mention.ts';
import { nameOf } from '../../src/snapshots/layout.ts';
import type { Taker } from './measure.ts';

const grammar = { verbs, clusters };
const where = 'etcd01 (10.0.0.31)';
const attempt = { where, what: 'look' };
const member = { member: MemberName.parse('etcd01'), url: 'https://10.0.0.31:2379' };
const certificate = { use: 'client', file: '/etc/etcd/server.pem', key_matches: true } as const;
const ended = (said: string, exitCode: number) => ({ exitCode, said, code: undefined });
const candidates = ['restore', 'recover-quorum'];

export const readers: readonly Taker[] = [
  { name: 'commands/normalise.ts fromSlack', take: fromSlack },
  { name: 'commands/normalise.ts splitWords', take: splitWords },
  { name: 'commands/normalise.ts bareId', take: bareId },
  { name: 'commands/parse.ts parseCommand', take: (text) => parseCommand(text, grammar) },
  { name: 'commands/parse.ts parseWords', take: (text) => parseWords(['restore', text, `--${text}`], grammar) },
  { name: 'commands/nearest.ts nearest', take: (text) => nearest(text, candidates) },
  { name: 'commands/nearest.ts didYouMean', take: (text) => didYouMean(text, candidates) },
  { name: 'commands/nearest.ts quoted', take: quoted },
  { name: 'slack/listeners/mention.ts withoutMention', take: (text) => [withoutMention(text, 'U1'), withoutMention(text, undefined)] },
  { name: 'etcd/grpc-error.ts etcdsWords', take: (text) => etcdsWords(new Error(text)) },
  { name: 'etcd/metrics.ts metricIn', take: (text) => metricIn(text, 'etcd_server_quota_backend_bytes') },
  { name: 'etcd/prefix.ts directoryOf', take: directoryOf },
  { name: 'etcd/status.ts alarmsOf', take: (text) => alarmsOf({ errors: [text] } as never) },
  { name: 'etcd/v2-failure.ts v2Sentence', take: v2Sentence },
  {
    name: 'etcd/v2-failure.ts refusedV2',
    take: (text) =>
      refusedV2('put', member, { status: 400, index: 0n, raftIndex: 0n, body: { errorCode: 102, message: text, cause: text } }),
  },
  { name: 'host/certificates.ts subjectAltNames', take: subjectAltNames },
  { name: 'host/certificates.ts certificateFacts', take: (pem) => certificateFacts(where, [{ ...certificate, pem } as never]) },
  { name: 'host/failures.ts lastLines', take: lastLines },
  {
    name: 'host/failures.ts channelEnded',
    take: (text) => [channelEnded(attempt, ended(text, 255), false), channelEnded(attempt, ended(text, 1), false)],
  },
  { name: 'host/failures.ts doorMissing', take: (text) => doorMissing(where, text) },
  { name: 'host/failures.ts programFailure', take: (text) => programFailure(attempt, { code: text, message: text, hint: text }) },
  { name: 'host/protocol.ts parseObject', take: (text) => parseObject(Buffer.from(text)) },
  {
    name: 'host/protocol.ts parseLine',
    take: (text) => {
      const operation = { argv: ['ls', text], as: 'etcd', user: text, group: text, changes: false };
      return [
        parseLine(Buffer.from(text), 1),
        parseLine(Buffer.from(JSON.stringify({ id: 1, begins: operation })), 1),
        parseLine(Buffer.from(JSON.stringify({ id: 1, error: { code: text, message: text } })), 1),
      ];
    },
  },
  {
    name: 'host/snapshot-status.ts parseSnapshotStatus',
    take: (text) => [parseSnapshotStatus(text), parseSnapshotStatus(JSON.stringify({ hash: text }))],
  },
  { name: 'init/known-hosts.ts knownHostsOf', take: (text) => knownHostsOf(text, [{ host: '10.0.0.31' }]) },
  { name: 'kit/values.ts shellWord', take: (text) => shellWord('from', text) },
  { name: 'procedures/judging/triage.ts runOf', take: runOf },
  { name: 'procedures/replacing/join.ts initialClusterLine', take: (text) => initialClusterLine([{ name: text, url: text }]) },
  { name: 'procedures/v2/v2-key.ts v2KeyMistake', take: v2KeyMistake },
  { name: 'snapshots/layout.ts nameOf', take: nameOf },
];
