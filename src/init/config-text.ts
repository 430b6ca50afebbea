/** A first config.yaml: every key a first user needs, and comments that say what only a person can fill in. */
import type { DraftedMember } from './draft.ts';

/** What is written. */
export interface FirstConfig {
  readonly name: string;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly ssh: { readonly user: string; readonly identityFile: string; readonly knownHostsFile: string };
  readonly members: readonly DraftedMember[];
}

/** The schema takes none of the words in capitals, so that none of them can be forgotten: `doctor` names each with its line. */
export function configText(first: FirstConfig): string {
  return [
    '# Written by `etcd-medic init`. What is in capitals is to be filled in; `etcd-medic doctor` says what is still missing.',
    '# Where checked snapshots are kept: they hold all data of the cluster.',
    'backups: { directory: /var/lib/etcd-medic/backups }',
    '# Who may type `etcd-medic …` on this machine, as which Slack user: { alice: U0ALICE }.',
    'terminalUsers: {}',
    'clusters:',
    clusterText(first),
  ].join('\n');
}

/** The cluster alone, to be pasted under `clusters:`. */
export function clusterText({ name, tls, ssh, members }: FirstConfig): string {
  const lines = [
    `${name}:`,
    '  # Where commands are taken: ids of channels, names ("#incidents") or prefixes ("#inc-*"). Invite the bot there.',
    '  channels: [FILL_IN_CHANNEL]',
    '  # Slack user ids (U…) or user-group ids (S…): who may start a run, and who may approve what somebody else started. `/etcd whoami` shows yours.',
    '  operators: [FILL_IN_OPERATOR]',
    '  approvers: [FILL_IN_APPROVER_1, FILL_IN_APPROVER_2]',
    '  # quorumLoss: how many must agree where the cluster is without quorum afterwards.',
    '  approvals: { required: 1, quorumLoss: 2, expiresAfter: 30m }',
    ...(tls === undefined
      ? ['  # No tls: etcd is spoken to without encryption, as it is served.']
      : ['  tls:', `    ca: ${quoted(tls.ca)}`, `    cert: ${quoted(tls.cert)}`, `    key: ${quoted(tls.key)}`]),
    '  ssh:',
    `    user: ${ssh.user}`,
    `    identityFile: ${quoted(ssh.identityFile)}`,
    `    knownHostsFile: ${quoted(ssh.knownHostsFile)}`,
    '  # unit: etcd’s unit on the hosts. initialClusterToken: as in etcd’s settings; etcd-cluster is what it takes when none is set.',
    '  etcd: { unit: etcd, initialClusterToken: etcd-cluster }',
    '  # host: where ssh goes. The URLs are those of `etcdctl member list`.',
    '  members:',
    ...members.map(
      ({ name: member, host, clientUrl, peerUrl }) =>
        `    ${quoted(member)}: { host: ${quoted(host)}, clientUrl: ${quoted(clientUrl)}, peerUrl: ${quoted(peerUrl)} }`,
    ),
  ];
  return `${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** JSON is YAML. */
function quoted(text: string): string {
  return /^[A-Za-z/][A-Za-z0-9/._-]*$/.test(text) && !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(text) ? text : JSON.stringify(text);
}
