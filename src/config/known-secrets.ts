/** All secrets a process was given, so that they can be kept out of what it records and shows. */
import { readSmallFile } from '../files/plain-file.ts';
import { Secret } from './secret.ts';
import type { Config } from './schema.ts';

const tokenVariables = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET'] as const;
/** The body of a private key, line by line: a host may print a part of it. */
const keyLine = /^[A-Za-z0-9+/=]{32,}$/;

/** Those of the environment, needed by this process or not. */
export function secretsOf(variables: Readonly<Record<string, string | undefined>>, config: Config): readonly Secret[] {
  const passwords = Object.values(config.clusters).map(({ auth }) => (auth === undefined ? undefined : variables[auth.passwordFrom]));
  const values = [...tokenVariables.map((name) => variables[name]), ...passwords, ...passwordIn(variables['REDIS_URL'])];
  return values.filter((value) => value !== undefined).map((value) => new Secret(value));
}

/** As it stands in the URL, and as it is sent. */
function passwordIn(url: string | undefined): readonly string[] {
  const written = /^[a-z]+:\/\/[^/@:]*:([^@]+)@/.exec(url ?? '')?.[1];
  if (written === undefined) return [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    // Not encoded as a URL should be: it is taken as it stands.
    return [written];
  }
}

/** Those in the private keys that config.yaml names. A key that cannot be read cannot be shown either. */
export function keyMaterial({ clusters }: Pick<Config, 'clusters'>): readonly Secret[] {
  const paths = Object.values(clusters).flatMap(({ ssh, tls }) => [
    ssh.identityFile,
    ...(ssh.proxyJump ?? []).map(({ identityFile }) => identityFile),
    ...(tls === undefined ? [] : [tls.key]),
  ]);
  return [...new Set(paths)].flatMap((path) => linesOf(path)).map((line) => new Secret(line));
}

function linesOf(path: string): readonly string[] {
  const reading = readSmallFile(path, 'followed');
  if (!reading.ok) return [];
  return reading.content
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => keyLine.test(line));
}
