/** Replace a failed member: remove it first, then add its replacement as a learner (docs/runbooks/replace-member.md). */
import { z } from 'zod';
import { allOf } from '../engine/finding.ts';
import { change, check, destroy } from '../engine/step.ts';
import { MemberId, MemberName } from '../ids.ts';
import { abandonReplacement } from './replacing/abandon-replacement.ts';
import * as aside from './replacing/data-aside.ts';
import * as join from './replacing/join.ts';
import { placeOf } from './replacing/joining-host.ts';
import { defineProcedure } from './procedure.ts';
import * as removing from './replacing/remove-member.ts';
import { hostAnswers, ready, safe, saved, summaryOf } from './replacing/replacement-looks.ts';
import { nameOf } from './replacing/safe-to-replace.ts';
import { whereInWords } from './restoring/data-dir-fact.ts';
import { SnapshotSource, savingSnapshot, snapshotChecked } from './restoring/safety-snapshot.ts';
import { agreement } from './restoring/serving.ts';
import { createFailedStart } from './running/failed-start.ts';
import { settle } from './replacing/settle-replacement.ts';
import { list } from '../engine/words.ts';

const Input = z.object({
  member: MemberName,
  'also-remove': MemberName.optional(),
  healthy: z.boolean().optional(),
  'discard-data': z.boolean().optional(),
});

const Removal = z.object({
  member: MemberName,
  id: MemberId,
  peerUrls: z.array(z.string()),
  isLearner: z.boolean(),
  hasStarted: z.boolean(),
});
/** A member that is removed, fixed by id. */
export type Removal = z.infer<typeof Removal>;

const Prepared = z.object({
  member: MemberName,
  /** Where it is to be, as config.yaml says: the replacement is known by it. */
  peerUrl: z.string(),
  /** What goes: the member itself first; none when it is not a member any more. */
  removes: z.array(Removal),
  /** Another host has taken its name: the old one is not in the configuration. */
  newHost: z.boolean(),
  evenHealthy: z.boolean(),
  /** `waiting-learner`: added by an earlier attempt and never started. `running-learner`: only the promotion is missing. */
  joins: z.enum(['anew', 'waiting-learner', 'running-learner']),
  /** Who is to answer at the end, itself among them. */
  among: z.array(MemberName),
  source: SnapshotSource,
});
/** What is settled when a replacement begins. */
export type PreparedReplacement = z.infer<typeof Prepared>;

/** Replace a failed machine: https://etcd.io/docs/v3.5/op-guide/runtime-configuration/#replace-a-failed-machine */
export const replaceMember = defineProcedure({
  id: 'replace-member',
  summary: 'remove a failed member and put a new one in its place',
  permission: 'operate',
  exclusive: true,
  arguments: [
    { name: 'member', kind: 'positional', required: true, placeholder: '<member>', description: 'the member that failed' },
    {
      name: 'also-remove',
      kind: 'option',
      required: false,
      placeholder: '<member>',
      description: 'another member that is down: removed at the same gate, where etcd adds none while another voter is down',
    },
    { name: 'healthy', kind: 'flag', required: false, description: 'replace it although it answers' },
    { name: 'discard-data', kind: 'flag', required: false, description: 'replace it although its data is there and a start may be enough' },
  ],
  input: Input,
  prepared: Prepared,
  async prepare(input, world) {
    const prepared = await settle(
      {
        member: input.member,
        alsoRemove: input['also-remove'],
        evenHealthy: input.healthy ?? false,
        discardData: input['discard-data'] ?? false,
      },
      world,
    );
    return { prepared, summary: summaryOf(prepared) };
  },
  steps(prepared, world) {
    const { etcd, clock, cluster } = world;
    const { member, removes, joins, source } = prepared;
    const { host } = placeOf(world, member);
    // Who is down and stays so is not asked any more: each look would wait for it.
    const together = etcd.among(prepared.among);
    const later = { ...world, etcd: together };
    const who = list(removes.map(nameOf));
    const orFailed = createFailedStart([host], clock);
    return [
      check('safe-to-replace', `The others hold quorum without ${member}`, () => safe(prepared, world)),
      check('preflight', `Look at the host of ${member}: certificates, clocks, ports, room`, () => ready(prepared, world)),
      change('save-snapshot', `Save a snapshot from ${source.member}`, savingSnapshot(source, world)),
      check('check-snapshot', 'Check it: size, SHA-256, and etcd’s own snapshot status', () => snapshotChecked(world)),
      ...(removes.length === 0
        ? []
        : [
            destroy('remove-member', `Remove ${who} from ${cluster.name}`, {
              loses: `the membership of ${who}: a removed member can never rejoin with the data it has`,
              blastRadius: 'general',
              requires: async () => allOf(await Promise.all([safe(prepared, world), hostAnswers(prepared, world), saved(world)])),
              facts: () => removing.removalFacts(prepared, world),
              plan: () => removing.planRemoval(prepared, world),
              run: (approval) => removing.removeMembers(prepared, world, approval),
              verify: () => removing.membersRemoved(prepared, world),
            }),
          ]),
      ...(joins === 'running-learner'
        ? []
        : [
            destroy('put-data-aside', `Put the old data-dir of ${member} aside`, {
              loses: `nothing for good: the data-dir is renamed and kept beside its place; ${member} joins with an empty one`,
              blastRadius: 'general',
              requires: () => aside.dataIsSpare(prepared, later),
              facts: () => aside.asideFactsOf(prepared, later),
              plan: () => aside.planAside(prepared, later),
              run: (approval) => aside.putAside(prepared, later, approval),
              verify: () => aside.isAside(prepared, later),
            }),
          ]),
      change('add-learner', `Add ${member} as a learner`, {
        plan: async () => [later.etcd.commands.addLearner(member, [prepared.peerUrl])],
        run: async () => {
          await later.etcd.addLearner([prepared.peerUrl]);
        },
        verify: () => join.learnerAdded(prepared, later),
      }),
      change('configure', 'Set initial-cluster to the members there are, and initial-cluster-state to existing', {
        plan: () => join.planConfigure(prepared, later),
        run: () => join.configure(prepared, later),
        verify: () => join.configured(prepared, later),
      }),
      change('start', `Start etcd on ${member}`, {
        plan: async () => join.planStart(host, await aside.doneBeforeStart(prepared, later)),
        run: () => join.start(host),
        verify: async () => orFailed(await join.startedAsLearner(prepared, later)),
        deadlineMs: 180_000,
      }),
      change('promote', `Promote ${member} to a voter, once it is in sync`, {
        plan: () => join.planPromote(prepared, later),
        run: ({ progress }) => join.promote(prepared, later, progress),
        verify: () => join.promoted(prepared, later),
      }),
      check('members-agree', 'One leader, one raft term, the same hash, no alarm', ({ mayWait }) => agreement(together, clock, mayWait)),
      ...(joins === 'running-learner'
        ? []
        : [
            destroy('delete-old-data', `Delete the old data-dir of ${member} for good`, {
              loses: `the data that ${member} had before: it cannot be put back afterwards`,
              blastRadius: 'general',
              otherwise: `The old data-dir of ${member} stays, beside the one that took its place.`,
              requires: () => together.membersAgree(),
              facts: () => aside.keptFact(prepared, later),
              plan: () => aside.planDeletion(prepared, later),
              run: (approval) => aside.deleteKept(prepared, later, approval),
              verify: () => aside.keptGone(prepared, later),
            }),
          ]),
    ];
  },
  abandon: abandonReplacement,
  async conclusion(prepared, world) {
    const { cluster, hosts, runId, etcd } = world;
    const { member, removes } = prepared;
    const { quorum } = await etcd.look();
    const row = await join.joinedRow(prepared, world);
    const { host } = placeOf(world, member);
    const old = await host.dir({ run: runId, what: 'aside' });
    const left = removes.filter((removal) => removal.member !== member);
    const silent = hosts.map((each) => each.member).filter((name) => !prepared.among.includes(name));
    return [
      `${member} is a voter of ${cluster.name} again, as ${row?.memberId ?? 'unknown'}. ${quorum.sentence}`,
      removes.length > 0 ? `Removed for good: ${list(removes.map(nameOf))}.` : '',
      old.exists ? `The old data of ${member} is kept: ${whereInWords(old)}.` : '',
      ...left.map((removal) => `Next: \`replace-member ${cluster.name} ${removal.member}\`.`),
      left.length === 0 && silent.length > 0 ? `${list(silent)} did not answer when this began: \`status ${cluster.name}\`.` : '',
      prepared.newHost ? `Its old host is not known any more: should it come back, it cannot rejoin; switch it off.` : '',
    ]
      .filter(Boolean)
      .join('\n');
  },
});
