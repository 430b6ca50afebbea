/** Whether config.yaml, etcd's member list and each host's settings mean the same members. */
import type { ClusterLook, EndpointLook, MemberRow } from '../etcd/etcd.ts';
import type { HostSight } from '../host/sight.ts';
import { list } from '../engine/words.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';
import { hasUrl } from './place.ts';
import type { Place } from './place.ts';

/** etcd's own words where nothing is set: https://etcd.io/docs/v3.5/op-guide/configuration/ */
const withoutSetting = {
  name: 'default',
  'initial-advertise-peer-urls': 'http://localhost:2380',
  'advertise-client-urls': 'http://localhost:2379',
};

/** Name and URLs as the host's settings have them. A value that a shell or systemd would still change is not known, and no reason to refuse. */
export function settingsAgree(
  { name, clientUrl, peerUrl }: Omit<Place, 'host'>,
  { settings, settingsProblem, configuration }: Pick<HostSight, 'settings' | 'settingsProblem' | 'configuration'>,
): readonly Check[] {
  const { good, wrong, worthALook, notLookedAt } = saying(name);
  const file = configuration.file === '' ? 'its unit' : configuration.file;
  if (settingsProblem !== undefined && settings.size === 0)
    return [notLookedAt('name', `Its settings cannot be read: ${settingsProblem}.`)];
  const set = (key: keyof typeof withoutSetting) => settings.get(key) ?? withoutSetting[key];
  const found = { name: set('name'), peers: set('initial-advertise-peer-urls'), clients: set('advertise-client-urls') };
  const unknown = Object.values(found).filter((value) => /[$%`]/.test(value));
  if (unknown.length > 0) return [notLookedAt('name', `Its settings have ${list(unknown)}, which is known only when etcd starts.`)];
  const checks = [
    ...(found.name === name
      ? []
      : [
          wrong(
            'name',
            `${file} calls this member ${found.name}, and config.yaml ${name}.`,
            `Write ${found.name} under \`members\` in config.yaml, or set \`name\` there to what \`etcdctl member list\` says.`,
          ),
        ]),
    ...(hasUrl(found.peers.split(','), peerUrl)
      ? []
      : [
          wrong(
            'name',
            `${file} has initial-advertise-peer-urls ${found.peers}, and config.yaml peerUrl ${peerUrl}.`,
            'Make the one that is wrong equal to what `etcdctl member list` says.',
          ),
        ]),
    ...(hasUrl(found.clients.split(','), clientUrl)
      ? []
      : [worthALook('name', `${file} has advertise-client-urls ${found.clients}, and config.yaml clientUrl ${clientUrl}.`)]),
  ];
  return checks.length > 0 ? checks : [good('name', `${file} has the name and URLs of config.yaml.`)];
}

/**
 * One member in etcd's member list. Only of a member that answers it is known which row is its own; another one may be gone, and a new host may
 * stand under its name to take its place: that is worth a look, and in the way of no restore. Without a list nothing is said.
 */
export function listAgrees(
  place: Omit<Place, 'host'>,
  { endpoints, members }: Pick<ClusterLook, 'endpoints' | 'members'>,
): readonly Check[] {
  const { name, peerUrl } = place;
  const { notLookedAt } = saying(name);
  const endpoint = endpoints.find(({ member }) => member === name);
  if (members === undefined || endpoint === undefined) return [notLookedAt('member list', 'No member gave its member list.')];
  if (!endpoint.answers) return silentMember(place, members);
  const row = members.find(({ memberId }) => memberId === endpoint.status.memberId);
  if (row === undefined)
    return [
      saying(name).wrong(
        'member list',
        `The etcd at ${endpoint.endpoint} (${endpoint.status.memberId}) is not in the member list of the others.`,
        'It was removed, or belongs to another cluster: correct clientUrl in config.yaml, or replace the member.',
      ),
    ];
  return answeringMember({ name, peerUrl }, endpoint, row);
}

function answeringMember({ name, peerUrl }: Pick<Place, 'name' | 'peerUrl'>, { endpoint }: EndpointLook, row: MemberRow): readonly Check[] {
  const { good, wrong } = saying(name);
  const cure = 'Correct it under `members` in config.yaml.';
  const wrongs = [
    ...(row.name === name || row.name === ''
      ? []
      : [wrong('member list', `etcd at ${endpoint} calls itself ${row.name}, and config.yaml ${name}.`, cure)]),
    ...(hasUrl(row.peerUrls, peerUrl)
      ? []
      : [wrong('member list', `etcd has it at ${list(row.peerUrls)}, and config.yaml has peerUrl ${peerUrl}.`, cure)]),
  ];
  return wrongs.length > 0 ? wrongs : [good('member list', `etcd lists it as ${row.memberId} at ${peerUrl}.`)];
}

function silentMember({ name, peerUrl }: Pick<Place, 'name' | 'peerUrl'>, members: readonly MemberRow[]): readonly Check[] {
  const { good, worthALook } = saying(name);
  const byName = members.find((row) => row.name === name);
  const byUrl = members.find((row) => hasUrl(row.peerUrls, peerUrl));
  if (byName !== undefined && byName === byUrl) return [good('member list', `etcd lists it as ${byName.memberId} at ${peerUrl}.`)];
  const cure = 'Right while a new host is to take its place (`replace-member`); else correct it in config.yaml.';
  if (byUrl !== undefined)
    return [worthALook('member list', `${peerUrl} belongs to ${byUrl.name || 'a member that never started'} in etcd's list.`, cure)];
  if (byName !== undefined) return [worthALook('member list', `etcd lists it at ${list(byName.peerUrls)}, not at ${peerUrl}.`, cure)];
  return [worthALook('member list', 'It is not in etcd’s member list.', cure)];
}

/** Members that etcd lists and config.yaml does not have: the bot would leave them running. */
export function unknownMembers(
  places: readonly Omit<Place, 'host'>[],
  { endpoints, members }: Pick<ClusterLook, 'endpoints' | 'members'>,
): readonly Check[] {
  const { worthALook, wrong } = saying('etcd');
  const answering = new Set(endpoints.flatMap((endpoint) => (endpoint.answers ? [endpoint.status.memberId as string] : [])));
  return (members ?? [])
    .filter(
      (row) => !answering.has(row.memberId) && !places.some(({ name, peerUrl }) => row.name === name || hasUrl(row.peerUrls, peerUrl)),
    )
    .map((row) => {
      const who = `${row.name || 'A member that never started'} (${row.memberId}) at ${list(row.peerUrls)} is in etcd's member list and not in config.yaml.`;
      const cure = `Add it under \`members\`, or remove it: \`etcdctl member remove ${row.memberId}\`.`;
      return row.isLearner || row.name === '' ? worthALook('member list', who, cure) : wrong('member list', who, cure);
    });
}
