/** The keys that backups are signed with, from the environment or from the file that it names. */
import { readSmallFile } from '../files/plain-file.ts';
import { mistake, type Mistake } from './mistakes.ts';
import { Secret } from './secret.ts';

/** What was found: no keys when none are set, and then one is made beside the backups. */
export interface SigningKeysFound {
  readonly keys: readonly Secret[] | undefined;
  readonly mistakes: readonly Mistake[];
}

const form = /^[0-9a-fA-F]{64}$/;
const othersMay = 0o077;
const [direct, byFile] = ['ETCD_MEDIC_SIGNING_KEY', 'ETCD_MEDIC_SIGNING_KEY_FILE'] as const;

/** Reads them. What does not fit its form in the environment is reported by the parsing of the whole environment. */
export function signingKeysOf(variables: Readonly<Record<string, string | undefined>>): SigningKeysFound {
  const written = variables[direct];
  const path = variables[byFile];
  if (written !== undefined && path !== undefined) return none(mistake([byFile], `set it or ${direct}, not both`));
  if (written !== undefined)
    return {
      keys: written
        .split(',')
        .filter((key) => form.test(key))
        .map((key) => new Secret(key)),
      mistakes: [],
    };
  if (path?.startsWith('/') !== true) return { keys: undefined, mistakes: [] };
  const reading = readSmallFile(path, 'followed');
  if (!reading.ok) return none(mistake([byFile], `${path} ${reading.because}`));
  if ((reading.mode & othersMay) !== 0) return none(mistake([byFile], `${path} can be read or written by others: chmod 600 ${path}`));
  const keys = reading.content.toString('utf8').split(/\s+/).filter(Boolean);
  if (keys.length === 0 || !keys.every((key) => form.test(key)))
    return none(mistake([byFile], `${path} must hold keys of 64 hexadecimal digits, one a line (openssl rand -hex 32)`));
  return { keys: keys.map((key) => new Secret(key)), mistakes: [] };
}

function none(...mistakes: Mistake[]): SigningKeysFound {
  return { keys: undefined, mistakes };
}
