/** Looks at all hosts at once before an undo touches anything, and names everything that is wrong in one go. */
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import { isOpsError } from '../../errors.ts';
import type { Host, HostFacts } from '../../host/host.ts';
import { refusal } from '../judging/versions.ts';
import { certificatesFit } from '../replacing/certificates.ts';
import { bytesNeeded } from '../restoring/preflight.ts';
import { bytesInWords } from '../words.ts';
import type { World } from '../world.ts';

/** ssh, the owner's leave for all that an undo will do, the version, the certificates, and room to write again: nothing is copied. */
export async function readyToUndo(world: Pick<World, 'hosts' | 'cluster' | 'clock'>): Promise<Finding> {
  return allOf(await Promise.all(world.hosts.map((host) => lookAt(host, world))));
}

async function lookAt(host: Host, { cluster, clock }: Pick<World, 'cluster' | 'clock'>): Promise<Finding> {
  try {
    const [facts, certificates] = await Promise.all([host.preflight(['undo']), host.certificates()]);
    const member = cluster.members.find(({ name }) => name === host.member);
    if (member === undefined) return fails(`${cluster.name} has no member ${host.member} in config.yaml.`);
    return allOf([judge(host, facts), certificatesFit(certificates, member, clock.now())]);
  } catch (error) {
    if (isOpsError(error)) return fails(`${error.message} ${error.hint}`);
    throw error;
  }
}

function judge({ member }: Host, { serverVersion, freeBytes, unit, configuration, dataDir }: HostFacts): Finding {
  const neededBytes = bytesNeeded(0);
  const refused = refusal(serverVersion);
  const wrong = allOf([
    refused === undefined ? holds() : fails(`${member}: ${refused}`),
    that(
      freeBytes >= neededBytes,
      `${member} has ${bytesInWords(freeBytes)} free beside ${dataDir.path}, and etcd needs ${bytesInWords(neededBytes)} to start.`,
    ),
  ]);
  return wrong.holds
    ? holds(`${member} is ready: etcd ${serverVersion}, unit ${unit.activeState}, settings in ${configuration.file}.`)
    : wrong;
}
