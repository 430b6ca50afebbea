/** Members whose hosts do not answer: a new cluster is made without them only when approvers attest that they are off. */
import { allOf, fails, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { Facts } from '../../engine/step.ts';
import { OpsError } from '../../errors.ts';
import type { MemberName } from '../../ids.ts';
import { silenceOf } from './survey.ts';
import { list } from '../../engine/words.ts';
import type { World } from '../world.ts';

/** The world as it is for those that take part: the others are neither asked nor touched. */
export function worldOf(world: World, members: readonly MemberName[]): World {
  return {
    ...world,
    hosts: world.hosts.filter(({ member }) => members.includes(member)),
    cluster: { ...world.cluster, members: world.cluster.members.filter(({ name }) => members.includes(name)) },
    etcd: world.etcd.among(members),
  };
}

/** The sentence that approvers attest. */
export function offAndStaysOff(members: readonly MemberName[], { cluster }: Pick<World, 'cluster'>): string {
  const [are, their] = members.length === 1 ? ['is', 'its'] : ['are', 'their'];
  const majority =
    members.length > cluster.members.length / 2
      ? ` Switched on with ${their} old data they would be a majority, and serve the old cluster beside the new one.`
      : '';
  return `The host${members.length === 1 ? '' : 's'} of ${list(members)} ${are} switched off, and ${are} not switched on again before ${their} data-dir is removed or etcd is kept from starting there.${majority}`;
}

/** Fails with the reason why it must be attested. @throws FENCE_FAILED when one of them answers: then it is no matter of attesting */
export async function stillSilent(members: readonly MemberName[], world: World): Promise<Finding> {
  const silences = await silencesOf(members, world);
  const back = silences.filter(({ because }) => because === undefined).map(({ member }) => member);
  if (back.length > 0) {
    throw new OpsError('FENCE_FAILED', `${list(back)} answers again, and did not when this run began.`, {
      hint: 'Abort this run and start `recover-quorum` again: then that host takes part. What was put on the other hosts is removed.',
    });
  }
  return fails(
    `${silences.map(({ because }) => because).join('. ')}. Nothing proves from here that etcd is stopped there. If the host can be brought back, do that, abort this run and start again: its data may be the newest.`,
  );
}

/** Asked again just before data is replaced. */
export async function noneCameBack(members: readonly MemberName[], world: World): Promise<Finding> {
  const silences = await silencesOf(members, world);
  return allOf(
    silences.map(({ member, because }) =>
      that(because !== undefined, `${member} answers again, although it was attested to be off: abort this run and start again.`),
    ),
  );
}

async function silencesOf(
  members: readonly MemberName[],
  { etcd, hosts }: World,
): Promise<readonly { readonly member: MemberName; readonly because: string | undefined }[]> {
  const [{ endpoints }, silences] = await Promise.all([
    etcd.among(members).look(),
    Promise.all(hosts.filter(({ member }) => members.includes(member)).map(async (host) => [host.member, await silenceOf(host)] as const)),
  ]);
  return silences.map(([member, because]) => {
    const serves = endpoints.some((endpoint) => endpoint.member === member && endpoint.answers);
    return { member, because: serves ? undefined : because };
  });
}

/** What the approvals rest on. */
export function leftOutFacts(members: readonly MemberName[]): Facts {
  return Object.fromEntries(members.map((member) => [`left out: ${member}`, 'answers neither over ssh nor as etcd']));
}

/** What is to be done about them afterwards. */
export function afterwards(members: readonly MemberName[], { cluster }: Pick<World, 'cluster'>): readonly string[] {
  if (members.length === 0) return [];
  return [
    `${list(members)} ${members.length === 1 ? 'was' : 'were'} left out. Before such a host is switched on, see to it that etcd does not start there with its old data; then ${list(members.map((member) => `\`replace-member ${cluster.name} ${member}\``))} brings it in.`,
  ];
}
