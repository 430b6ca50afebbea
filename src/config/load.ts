/** The only reader of the environment and of config.yaml: gives the settings, or every mistake in them at once. */
import { OpsError } from '../errors.ts';
import { checkContent } from './content-checks.ts';
import { Environment, roles as allRoles, type Role } from './environment.ts';
import { secretsOf } from './known-secrets.ts';
import { formatMistake, mistake, mistakesOf, unknownKey, type Mistake } from './mistakes.ts';
import { Config } from './schema.ts';
import { Secret } from './secret.ts';
import { signingKeysOf } from './signing-keys.ts';
import { slackSettings, type SlackSettings } from './slack-settings.ts';
import { readYaml } from './yaml-file.ts';
import type { ClusterName } from '../ids.ts';

/** All that a process is set up with. Frozen through and through; secrets print as `[secret]`. */
export interface Settings {
  readonly roles: readonly Role[];
  readonly logLevel: Environment['LOG_LEVEL'];
  /** Where GET /healthz and GET /metrics are served: an IP address. */
  readonly httpHost: string;
  readonly httpPort: number;
  /** A secret because it may hold a password. */
  readonly redisUrl: Secret;
  /** Undefined when no role of this process speaks to Slack. */
  readonly slack: SlackSettings | undefined;
  readonly config: Config;
  /** The password of each cluster that has `auth`. Only workers have them. */
  readonly passwords: Readonly<Partial<Record<ClusterName, Secret>>>;
  /** What workers sign backups with, the first key first; undefined when a key is to be made beside the backups. */
  readonly signingKeys: readonly Secret[] | undefined;
  /** Every secret of the environment, to be kept out of what is recorded and shown. */
  readonly secrets: readonly Secret[];
  /** What is not wrong but should be looked at, a line each. */
  readonly warnings: readonly string[];
}

interface LoadOptions {
  /** What this process does; ETCD_MEDIC_ROLES when not given. A terminal has no role: it needs neither Slack nor the hosts. */
  readonly roles?: readonly Role[];
  /** For the dates of certificates. */
  readonly now?: Date;
}

/**
 * Reads the settings.
 * @param environment the variables, e.g. `process.env`
 * @throws OpsError CONFIG_INVALID with every mistake as a line of its message and in `details.mistakes`
 */
export function loadSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  { roles, now = new Date() }: LoadOptions = {},
): Settings {
  // An empty variable is one that is not set: compose.yaml and systemd hand over empty ones.
  const variables = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const read = Environment.safeParse(variables, { reportInput: true });
  const role = read.data?.ETCD_MEDIC_ROLES ?? Environment.shape.ETCD_MEDIC_ROLES.safeParse(variables['ETCD_MEDIC_ROLES']).data;
  const active = roles ?? role ?? allRoles;
  const configPath = Environment.shape.ETCD_MEDIC_CONFIG.parse(variables['ETCD_MEDIC_CONFIG']);

  const file = readYaml(configPath);
  const config = file.content === undefined ? undefined : Config.safeParse(file.content, { reportInput: true });
  const inFile =
    file.content === undefined
      ? { mistakes: [], warnings: [] }
      : checkContent(file.content, { variables: Object.keys(variables), isWorker: active.includes('worker'), now });
  const slack = slackSettings(variables, active);

  const signing = active.includes('worker') ? signingKeysOf(variables) : { keys: undefined, mistakes: [] };

  const inEnvironment = [...(read.success ? [] : mistakesOf(read.error, Environment)), ...slack.mistakes, ...signing.mistakes];
  const inConfig = [...(config === undefined || config.success ? [] : mistakesOf(config.error, Config)), ...inFile.mistakes];
  const mistakes = [
    ...inEnvironment.map(({ path, message }) => formatMistake(mistake(path.slice(0, 1), message))),
    ...file.mistakes.map((one) => formatMistake(one)),
    ...inConfig.map(({ path, message }) => formatMistake(mistake(path.length > 0 ? path : [configPath], message), file.lineOf(path))),
  ];
  if (mistakes.length > 0 || !read.success || config?.success !== true) throw configInvalid(mistakes);

  return deepFreeze({
    roles: active,
    logLevel: read.data.LOG_LEVEL,
    httpHost: read.data.ETCD_MEDIC_HTTP_HOST,
    httpPort: read.data.ETCD_MEDIC_HTTP_PORT,
    redisUrl: read.data.REDIS_URL,
    slack: slack.settings,
    config: config.data,
    passwords: passwordsOf(config.data, active.includes('worker') ? variables : {}),
    signingKeys: signing.keys,
    secrets: [...secretsOf(variables, config.data), ...(signing.keys ?? [])],
    warnings: [...unknownVariables(variables), ...file.warnings, ...inFile.warnings].map((one) =>
      formatMistake(one, file.lineOf(one.path)),
    ),
  });
}

/** The error for a configuration that cannot be used: `main.ts` prints its message and ends with exit code 78 (EX_CONFIG of sysexits(3)). */
export function configInvalid(mistakes: readonly string[]): OpsError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
  return new OpsError('CONFIG_INVALID', `The configuration has ${count}:\n${mistakes.map((line) => `  ${line}`).join('\n')}`, {
    details: { mistakes },
  });
}

/**
 * Reads config.yaml alone, for words of the terminal that need neither Slack nor Redis nor the files it names.
 * @throws OpsError CONFIG_INVALID as `loadSettings`
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  // An empty variable is one that is not set.
  const path = Environment.shape.ETCD_MEDIC_CONFIG.parse(environment['ETCD_MEDIC_CONFIG'] || undefined);
  const file = readYaml(path);
  if (file.content === undefined) throw configInvalid(file.mistakes.map((one) => formatMistake(one)));
  const config = Config.safeParse(file.content, { reportInput: true });
  const { mistakes } = checkContent(file.content, { variables: [], isWorker: false, now: new Date() });
  const found = [...(config.success ? [] : mistakesOf(config.error, Config)), ...mistakes];
  if (!config.success || found.length > 0)
    throw configInvalid(
      found.map((one) => formatMistake(mistake(one.path.length > 0 ? one.path : [path], one.message), file.lineOf(one.path))),
    );
  return deepFreeze(config.data);
}

function passwordsOf(config: Config, variables: Readonly<Record<string, string | undefined>>): Settings['passwords'] {
  const passwords: Partial<Record<ClusterName, Secret>> = {};
  for (const [name, { auth }] of Object.entries(config.clusters)) {
    const password = auth === undefined ? undefined : variables[auth.passwordFrom];
    if (password !== undefined) passwords[name as ClusterName] = new Secret(password);
  }
  return passwords;
}

function unknownVariables(variables: Readonly<Record<string, unknown>>): Mistake[] {
  const known = Object.keys(Environment.shape);
  return Object.keys(variables)
    .filter((name) => /^ETCD_MEDIC_(?!LAB_)/.test(name) && !known.includes(name))
    .map((name) => mistake([name], unknownKey(name, known)));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
