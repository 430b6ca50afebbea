/** `etcd-medic doctor`: the checkup from a terminal. What concerns hosts and etcd needs neither Slack nor Redis. */
import { mistake, readWords } from '../commands/grammar.ts';
import { didYouMean, quoted } from '../commands/nearest.ts';
import { setUpWords } from '../commands/words.ts';
import { saying } from '../checkup/check.ts';
import type { Check } from '../checkup/check.ts';
import type { Inspected } from '../config/inspect.ts';
import type { Config } from '../config/schema.ts';
import { createConceal } from '../engine/conceal.ts';
import { isOpsError, OpsError } from '../errors.ts';
import { ClusterName, RunId } from '../ids.ts';
import { lookEverywhere } from '../procedures/doctor.ts';
import { connect, untilConnected } from '../queue/connection.ts';
import { redisFacts } from '../queue/redis-facts.ts';
import { systemClock as clock } from './clock.ts';
import { redisSurroundings, settingsChecks, slackSurroundings } from './surroundings.ts';
import { createWorlds } from './worlds.ts';

/** How long Redis may take to answer: nobody is in a hurry here, and a busy machine is no Redis that is down. */
const redisLimitMs = 10_000;

const declared = setUpWords.find(({ id }) => id === 'doctor') ?? setUpWords[0];

/** What was found, of the bot itself (`cluster` undefined) and of each cluster. */
export interface CheckedUp {
  readonly cluster: string | undefined;
  readonly checks: readonly Check[];
}

/**
 * Looks at everything, or at one cluster.
 * @param words those after `doctor`
 * @throws OpsError INPUT_INVALID for words that are none
 */
export async function checkUp(words: readonly string[], inspected: Inspected): Promise<readonly CheckedUp[]> {
  const name = String(readWords(declared, words)['cluster'] ?? '');
  const { config, path, mistakes, warnings, missingPasswords } = inspected;
  const settings = [
    ...settingsChecks(path, mistakes, warnings),
    ...missingPasswords.map((variable) =>
      saying('settings').notLookedAt('config.yaml', `${variable} is not set here, so the password in it was not tried.`),
    ),
  ];
  const redis = redisSurroundings(redisOf(inspected));
  if (config === undefined) {
    const unseen = saying('hosts').notLookedAt(
      'host',
      'Clusters, hosts, backups and Slack: without a config.yaml that is right nobody knows where they are.',
    );
    return [{ cluster: undefined, checks: [...settings, unseen, ...(await redis)] }];
  }
  const names = clustersOf(name, config);
  const clusters = await Promise.all(names.map(async (each) => ({ cluster: each, checks: await clusterChecks(each, config, inspected) })));
  return [{ cluster: undefined, checks: [...settings, ...(await redis)] }, ...clusters];
}

function clustersOf(name: string, { clusters }: Config): readonly string[] {
  const names = Object.keys(clusters);
  if (name === '') return names;
  if (names.includes(name)) return [name];
  throw mistake(declared, `There is no cluster ${quoted(name)}.${didYouMean(name, names) || ` There is ${names.join(', ')}.`}`);
}

function redisOf({ redisUrl }: Inspected): (() => ReturnType<typeof redisFacts>) | undefined {
  if (redisUrl === undefined) return undefined;
  return async () => {
    const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const connections = connect({ url: redisUrl.reveal(), log: silent });
    try {
      await untilConnected(connections, redisLimitMs);
      return await redisFacts(connections.front);
    } finally {
      await connections.close();
    }
  };
}

async function clusterChecks(name: string, config: Config, { passwords, secrets, slack }: Inspected): Promise<readonly Check[]> {
  const cluster = config.clusters[ClusterName.parse(name)];
  if (cluster === undefined) return [];
  const [inSlack, everywhere] = await Promise.all([
    slackSurroundings(slack, cluster, clock),
    lookFrom(name, { config, passwords, conceal: createConceal(secrets.map((secret) => secret.reveal())) }),
  ]);
  return [...everywhere, ...inSlack];
}

async function lookFrom(
  name: string,
  {
    config,
    passwords,
    conceal,
  }: Pick<Parameters<typeof createWorlds>[0], 'conceal'> & { readonly config: Config } & Pick<Inspected, 'passwords'>,
): Promise<readonly Check[]> {
  const openWorld = createWorlds({
    settings: { config, passwords },
    clock,
    conceal,
    // Nothing of what is looked at is kept in Redis.
    ledgerOf: () => ({ observe: async () => undefined, highest: async () => undefined, restart: async () => undefined }),
    earlier: { recall: (run) => Promise.reject(new OpsError('RUN_NOT_FOUND', `There is no run ${run}.`)) },
    surroundings: async () => [],
  });
  try {
    const { world, close } = openWorld({
      cluster: ClusterName.parse(name),
      runId: RunId.parse(`query-${name}-000000`),
      record: () => undefined,
      tenure: undefined,
    });
    try {
      return await lookEverywhere(world);
    } finally {
      await close();
    }
  } catch (error) {
    if (!isOpsError(error)) throw error;
    return [
      saying('etcd').wrong('etcd', error.message, error.hint, error.code),
      saying('hosts').notLookedAt('host', 'The hosts: the cluster’s settings cannot be used.'),
    ];
  }
}
