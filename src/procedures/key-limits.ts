/** Which keys `put` and `get` may touch: those of the bot's own, and what config.yaml adds for a cluster. */
import { OpsError } from '../errors.ts';
import type { ClusterName } from '../ids.ts';
import { ownKeys } from './restoring/canary.ts';

/** `keys` of a cluster in config.yaml: what the keys begin with that each word may touch. */
export interface KeyLimits {
  readonly put?: readonly string[] | undefined;
  readonly get?: readonly string[] | undefined;
}

/** A cluster's name with its limits. */
export interface LimitedCluster {
  readonly name: ClusterName;
  readonly keys?: KeyLimits | undefined;
}

/** A key may be 8 kB. */
const shownCharactersMax = 80;

/** @throws OpsError NOT_ALLOWED for a key that the word may not touch on this cluster; it names the setting */
export function demandKey(word: 'put' | 'get', key: string, { name, keys }: LimitedCluster): void {
  const prefixes = keys?.[word] ?? [ownKeys];
  if (prefixes.some((prefix) => key.startsWith(prefix))) return;
  const doing = word === 'put' ? 'write' : 'read';
  const allowed = prefixes.length === 0 ? 'no key at all' : `only keys that begin with ${prefixes.map((one) => `\`${one}\``).join(' or ')}`;
  throw new OpsError('NOT_ALLOWED', `\`${word}\` may not ${doing} the key \`${shown(key)}\` on ${name}: it may ${doing} ${allowed}.`, {
    hint: `To allow it, add what the key begins with to clusters.${name}.keys.${word} in config.yaml.`,
  });
}

function shown(key: string): string {
  const line = key.slice(0, shownCharactersMax).replaceAll(/[\s`\p{Cc}]+/gu, ' ');
  return key.length > shownCharactersMax ? `${line}…` : line;
}
