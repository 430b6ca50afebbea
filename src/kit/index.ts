/** `etcd-medic kit`: words become the script that prepares a host. Needs config.yaml alone. */
import { keysInto, onHosts } from './typed.ts';
import { mistake, readWords } from '../commands/grammar.ts';
import { didYouMean, quoted } from '../commands/nearest.ts';
import { setUpWords } from '../commands/words.ts';
import type { Cluster, Config } from '../config/schema.ts';
import type { OpsError } from '../errors.ts';
import { readProgram } from './program.ts';
import type { Program } from './program.ts';
import { publicKeyOf } from './public-key.ts';
import type { DerivePublicKey } from './public-key.ts';
import { kitScript } from './script.ts';
import { allowGroups } from './values.ts';

const declared = setUpWords.find(({ id }) => id === 'kit') ?? setUpWords[0];

interface KitDeps {
  readonly config: Pick<Config, 'clusters'>;
  readonly derivePublicKey: DerivePublicKey;
  readonly program?: Program;
}

/** A script, and what a person should know who is about to run it. */
export interface WrittenKit {
  readonly script: string;
  readonly remarks: readonly string[];
  /** What is typed next. */
  readonly typed: readonly string[];
}

/**
 * Writes the script for one cluster.
 * @param words those after `kit`
 * @throws OpsError INPUT_INVALID, CONFIG_INVALID without a public key, ARGUMENT_UNSAFE
 */
export async function writeKit(
  words: readonly string[],
  { config, derivePublicKey, program = readProgram() }: KitDeps,
): Promise<WrittenKit> {
  const values = readWords(declared, words);
  const text = (name: string) => String(values[name] ?? '');
  const [name, cluster] = clusterOf(text('cluster'), config);
  const asRoot = values['root'] === true;
  const { user, identityFile } = cluster.ssh;
  if (asRoot !== (user === 'root')) throw userMistake(name, user, asRoot);
  const hosts = hostsOf(cluster, text('member'), name);
  const script = kitScript({
    action: values['remove'] === true ? 'remove' : 'install',
    cluster: name,
    user,
    key: await publicKeyOf(identityFile, derivePublicKey),
    unit: cluster.etcd.unit,
    from: text('from'),
    allow: allowOf(text('allow')),
    asRoot,
    hosts,
    program,
  });
  const installs = values['remove'] !== true;
  return {
    script,
    remarks: [
      ...(installs && text('from') === '' ? [anywhere] : []),
      installs ? 'By root on each host, and its key into knownHostsFile here:' : 'By root on each host:',
    ],
    typed: [...onHosts(hosts), ...(installs ? [keysInto(cluster.ssh.knownHostsFile)] : [])],
  };
}

function clusterOf(name: string, { clusters }: KitDeps['config']): readonly [string, Cluster] {
  const found = Object.entries(clusters).find(([known]) => known === name);
  if (found !== undefined) return found;
  const names = Object.keys(clusters);
  throw mistake(declared, `There is no cluster ${quoted(name)}.${didYouMean(name, names) || ` There is ${names.join(', ')}.`}`);
}

function hostsOf({ members }: Cluster, name: string, cluster: string): readonly string[] {
  if (name === '') return Object.values(members).map(({ host }) => host);
  const found = Object.entries(members).find(([known]) => known === name);
  if (found !== undefined) return [found[1].host];
  const names = Object.keys(members);
  throw mistake(declared, `${cluster} has no member ${quoted(name)}.${didYouMean(name, names) || ` It has ${names.join(', ')}.`}`);
}

/** Without `look` nothing of the bot works. */
function allowOf(text: string): string {
  if (text === '') return '';
  const groups = text.split(',');
  const unknown = groups.find((group) => !(allowGroups as readonly string[]).includes(group));
  if (unknown !== undefined)
    throw mistake(declared, `There is no group ${quoted(unknown)}.${didYouMean(unknown, allowGroups)} There is ${allowGroups.join(', ')}.`);
  return allowGroups.filter((group) => group === 'look' || groups.includes(group)).join(',');
}

function userMistake(cluster: string, user: string, asRoot: boolean): OpsError {
  return mistake(
    declared,
    asRoot
      ? `With --root the bot logs in as root, but \`clusters.${cluster}.ssh.user\` in config.yaml is ${user}.`
      : `\`clusters.${cluster}.ssh.user\` in config.yaml is root: say --root, and its key opens the program alone; or name another user there.`,
  );
}

const anywhere = 'The key will be taken from any address; `--from <address of the bot>` makes a stolen one useless elsewhere.';
