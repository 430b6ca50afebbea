/** `etcd-medic doctor`: the checkup from a terminal. What concerns hosts and etcd needs neither Slack nor Redis. */
import { mistake, readWords } from '../commands/grammar.ts';
import { didYouMean, quoted } from '../commands/nearest.ts';
import { setUpWords } from '../commands/words.ts';
import { placeChecks } from '../checkup/backup-places.ts';
import type { BackupPlaces } from '../checkup/backup-places.ts';
import { saying } from '../checkup/check.ts';
import type { Check } from '../checkup/check.ts';
import type { Inspected } from '../config/inspect.ts';
import type { Config } from '../config/schema.ts';
import { createConceal } from '../engine/conceal.ts';
import { isOpsError, OpsError } from '../errors.ts';
import { ClusterName, RunId } from '../ids.ts';
import { lookEverywhere } from '../procedures/doctor.ts';
import { readPlaces } from '../queue/backup-places.ts';
import { connect, untilConnected } from '../queue/connection.ts';
import { redisFacts } from '../queue/redis-facts.ts';
import { lookAtBackups, placesSeen } from './backups.ts';
import type { OwnBackups } from './backups.ts';
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
  const asked = redisOf(inspected)?.();
  asked?.catch(() => undefined);
  const redis = redisSurroundings(asked && (async () => (await asked).facts));
  if (config === undefined) {
    const unseen = saying('hosts').notLookedAt(
      'host',
      'Clusters, hosts, backups and Slack: without a config.yaml that is right nobody knows where they are.',
    );
    return [{ cluster: undefined, checks: [...settings, unseen, ...(await redis)] }];
  }
  const names = clustersOf(name, config);
  const own = await lookAtBackups({ directory: config.backups.directory, keys: inspected.signingKeys });
  const place = placeOf(own, asked);
  const clusters = await Promise.all(
    names.map(async (each) => ({ cluster: each, checks: await clusterChecks(each, { config, inspected, own }) })),
  );
  return [{ cluster: undefined, checks: [...settings, ...(await redis), ...(await place)] }, ...clusters];
}

function clustersOf(name: string, { clusters }: Config): readonly string[] {
  const names = Object.keys(clusters);
  if (name === '') return names;
  if (names.includes(name)) return [name];
  throw mistake(declared, `There is no cluster ${quoted(name)}.${didYouMean(name, names) || ` There is ${names.join(', ')}.`}`);
}

interface AskedRedis {
  readonly facts: Awaited<ReturnType<typeof redisFacts>>;
  readonly places: BackupPlaces;
}

/** Whether the workers share the directory stands in Redis; that it does not answer is said elsewhere. */
async function placeOf(own: OwnBackups, asked: Promise<AskedRedis> | undefined): Promise<readonly Check[]> {
  const places = await asked?.then(
    (answer) => answer.places,
    () => undefined,
  );
  const { notLookedAt } = saying('backups');
  const { mark, signing } = own;
  // Before the first start there is neither mark nor key, and the key may be for the service alone.
  const key =
    signing.problem === undefined
      ? []
      : [
          notLookedAt(
            'key',
            `Their signatures were not checked: ${signing.problem}`,
            'Run it as the user and with the environment of the service, once it has been started.',
          ),
        ];
  if (!mark.ok)
    return [
      notLookedAt('place', `Whether all workers keep them in one directory: ${mark.because}`, 'A worker makes it when it starts.'),
      ...key,
    ];
  if (places !== undefined) {
    const checks = placeChecks({ ...placesSeen(own, places), problems: [] }, clock.now());
    return [...checks.filter(({ id }) => id !== 'key' || key.length === 0), ...key];
  }
  return [...key, notLookedAt('place', 'Whether all workers keep them in one directory stands in Redis, which was not asked.')];
}

function redisOf({ redisUrl }: Inspected): (() => Promise<AskedRedis>) | undefined {
  if (redisUrl === undefined) return undefined;
  return async () => {
    const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const connections = connect({ url: redisUrl.reveal(), log: silent });
    try {
      await untilConnected(connections, redisLimitMs);
      const [facts, places] = await Promise.all([redisFacts(connections.front), readPlaces(connections.front)]);
      return { facts, places };
    } finally {
      await connections.close();
    }
  };
}

interface CheckingUp {
  readonly config: Config;
  readonly inspected: Inspected;
  readonly own: OwnBackups;
}

async function clusterChecks(name: string, { config, inspected, own }: CheckingUp): Promise<readonly Check[]> {
  const { passwords, secrets, slack } = inspected;
  const cluster = config.clusters[ClusterName.parse(name)];
  if (cluster === undefined) return [];
  const [inSlack, everywhere] = await Promise.all([
    slackSurroundings(slack, cluster, clock),
    lookFrom(name, { config, passwords, signing: own.signing, conceal: createConceal(secrets.map((secret) => secret.reveal())) }),
  ]);
  return [...everywhere, ...inSlack];
}

async function lookFrom(
  name: string,
  {
    config,
    passwords,
    conceal,
    signing,
  }: Pick<Parameters<typeof createWorlds>[0], 'conceal' | 'signing'> & { readonly config: Config } & Pick<Inspected, 'passwords'>,
): Promise<readonly Check[]> {
  const openWorld = createWorlds({
    settings: { config, passwords },
    clock,
    conceal,
    signing,
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
