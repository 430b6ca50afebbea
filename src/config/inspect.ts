/** Reads as much of the settings as there is, and says what is wrong or missing in place of ending: for `doctor`. */
import { checkContent } from './content-checks.ts';
import { Environment } from './environment.ts';
import { secretsOf } from './known-secrets.ts';
import { formatMistake, mistake, mistakesOf } from './mistakes.ts';
import { Config } from './schema.ts';
import { Secret } from './secret.ts';
import { signingKeysOf } from './signing-keys.ts';
import { readYaml } from './yaml-file.ts';

/** The settings as far as they can be used. */
export interface Inspected {
  /** Where config.yaml is. */
  readonly path: string;
  /** Undefined when it cannot be used. */
  readonly config: Config | undefined;
  /** A line each. */
  readonly mistakes: readonly string[];
  readonly warnings: readonly string[];
  readonly redisUrl: Secret | undefined;
  readonly slack: { readonly botToken: Secret; readonly appToken: Secret | undefined; readonly apiUrl: string | undefined } | undefined;
  /** By cluster, of those that are set. */
  readonly passwords: Readonly<Record<string, Secret>>;
  /** Names of variables with passwords that this environment does not have. */
  readonly missingPasswords: readonly string[];
  /** What backups are signed with; undefined when the key lies beside the backups. */
  readonly signingKeys: readonly Secret[] | undefined;
  /** To be kept out of what is shown. */
  readonly secrets: readonly Secret[];
}

/** Variables that are not set are no mistake here: a person's terminal need not have what the service has. Never throws. */
export function inspectSettings(environment: Readonly<Record<string, string | undefined>> = process.env, now = new Date()): Inspected {
  const variables = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const read = Environment.partial({ REDIS_URL: true }).safeParse(variables, { reportInput: true });
  const path = Environment.shape.ETCD_MEDIC_CONFIG.parse(variables['ETCD_MEDIC_CONFIG']);
  const file = readYaml(path);
  const config = file.content === undefined ? undefined : Config.safeParse(file.content, { reportInput: true });
  const clusters = Object.entries(config?.data?.clusters ?? {});
  const wanted = clusters.flatMap(([, { auth }]) => (auth === undefined ? [] : [auth.passwordFrom]));
  const content =
    file.content === undefined
      ? { mistakes: [], warnings: [] }
      : checkContent(file.content, { variables: [...Object.keys(variables), ...wanted], isWorker: true, now });
  const signing = signingKeysOf(variables);
  const inConfig = [...(config === undefined || config.success ? [] : mistakesOf(config.error, Config)), ...content.mistakes];
  const { REDIS_URL: redisUrl, SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_API_URL: apiUrl } = read.data ?? {};
  return {
    path,
    config: config?.data,
    mistakes: [
      ...(read.success
        ? []
        : mistakesOf(read.error, Environment).map(({ path: at, message }) => formatMistake(mistake(at.slice(0, 1), message)))),
      ...signing.mistakes.map((one) => formatMistake(one)),
      ...file.mistakes.map((one) => formatMistake(one)),
      ...inConfig.map(({ path: at, message }) => formatMistake(mistake(at.length > 0 ? at : [path], message), file.lineOf(at))),
    ],
    warnings: [...file.warnings, ...content.warnings].map((one) => formatMistake(one, file.lineOf(one.path))),
    redisUrl,
    slack: botToken === undefined ? undefined : { botToken, appToken, apiUrl },
    passwords: Object.fromEntries(
      clusters.flatMap(([name, { auth }]) => {
        const password = auth === undefined ? undefined : variables[auth.passwordFrom];
        return password === undefined ? [] : [[name, new Secret(password)]];
      }),
    ),
    missingPasswords: wanted.filter((name) => variables[name] === undefined),
    signingKeys: signing.keys,
    secrets: config?.data === undefined ? [] : [...secretsOf(variables, config.data), ...(signing.keys ?? [])],
  };
}
