/** `etcd-medic init`: a first config.yaml out of a running cluster's member list. Needs no configuration, no Redis and no Slack. */
import { mistake, readWords } from '../commands/grammar.ts';
import { setUpWords } from '../commands/words.ts';
import type { MemberRow } from '../etcd/etcd.ts';
import { ClusterName } from '../ids.ts';
import { clusterText, configText } from './config-text.ts';
import type { FirstConfig } from './config-text.ts';
import { draftMembers } from './draft.ts';
import { knownHostsOf } from './known-hosts.ts';
import { certificateInWords, stillNeeded } from './still-needed.ts';
import type { CertificateSeen, Needed } from './still-needed.ts';

const declared = setUpWords.find(({ id }) => id === 'init') ?? setUpWords[0];

/** What was asked for. */
export interface InitOrder {
  readonly name: ClusterName;
  readonly endpoints: readonly string[];
  /** The files given, as they were typed. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly sshUser: string;
  /** The directory for config.yaml. */
  readonly out: string;
  /** Lines and the file of what the kit printed. */
  readonly knownHosts: { readonly lines: readonly string[]; readonly file: string | undefined };
}

/** @throws OpsError INPUT_INVALID */
export function readInit(words: readonly string[]): InitOrder {
  const values = readWords(declared, words);
  const text = (name: string) => String(values[name] ?? '');
  const many = (name: string) => text(name).split('\n').filter(Boolean);
  const endpoints = many('endpoint');
  const odd = endpoints.find((url) => !/^https?:\/\/[^/\s]+:\d{1,5}\/?$/.test(url));
  if (odd !== undefined) throw mistake(declared, `${odd} is no client URL: say it with scheme and port, e.g. https://10.0.0.31:2379.`);
  const name = ClusterName.safeParse(text('name'));
  if (!name.success) throw mistake(declared, `${text('name')}: ${name.error.issues[0]?.message ?? 'is no name of a cluster'}.`);
  const files = { ca: text('ca'), cert: text('cert'), key: text('key') };
  const given = Object.values(files).filter(Boolean).length;
  const isHttps = endpoints.some((url) => url.startsWith('https:'));
  if (given > 0 && given < 3) throw mistake(declared, '--ca, --cert and --key belong together: all three, or none.');
  if (isHttps && given === 0)
    throw mistake(declared, 'For https say --ca, --cert and --key: the CA of etcd’s certificates, and a client certificate with its key.');
  return {
    name: name.data,
    endpoints,
    tls: given === 0 ? undefined : files,
    sshUser: text('ssh-user') || 'etcdops',
    out: text('out') || '/etc/etcd-medic',
    knownHosts: { lines: many('known-host'), file: text('known-hosts') || undefined },
  };
}

/** What a look at the cluster gave. */
export interface SeenForInit extends CertificateSeen {
  readonly members: readonly MemberRow[];
}

/** What is to be written where, and what a person is told. */
export interface FirstFiles {
  readonly configPath: string;
  readonly config: string;
  /** The same, to be pasted into a config.yaml that is there already. */
  readonly clusterBlock: string;
  readonly knownHostsPath: string;
  /** Empty when nobody vouches for a key. */
  readonly knownHosts: string;
  /** A sentence each: what was found and what is odd. */
  readonly remarks: readonly string[];
  readonly needed: readonly Needed[];
}

/**
 * Pure: the paths in `order` are absolute by now.
 * @param vouched what the kit printed
 */
export function firstFiles(order: InitOrder, seen: SeenForInit, vouched: string, has: (path: string) => boolean): FirstFiles {
  const { name, tls, sshUser, out, endpoints } = order;
  const inOrder = seen.members.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const { members, remarks } = draftMembers(inOrder, endpoints);
  const directory = `${out}/${name}`;
  const willDo = seen.mayAdminister === true;
  const first: FirstConfig = {
    name,
    tls: tls === undefined ? undefined : willDo ? tls : { ca: tls.ca, cert: `${directory}/root.pem`, key: `${directory}/root-key.pem` },
    ssh: { user: sshUser, identityFile: `${directory}/id_ed25519`, knownHostsFile: `${directory}/known_hosts` },
    members,
  };
  const known = knownHostsOf(vouched, members);
  return {
    configPath: `${out}/config.yaml`,
    config: configText(first),
    clusterBlock: clusterText(first),
    knownHostsPath: first.ssh.knownHostsFile,
    knownHosts: known.lines.map((line) => `${line}\n`).join(''),
    remarks: [certificateInWords(tls, seen), ...remarks],
    needed: stillNeeded(first, { known, certificate: seen, has }),
  };
}
