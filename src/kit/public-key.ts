/** The public half of the bot's ssh key. */
import { OpsError } from '../errors.ts';
import { readSmallFile } from '../files/plain-file.ts';

/** Derives it from the private file, as `ssh-keygen -y` does; undefined when that cannot be done. */
export type DerivePublicKey = (identityFile: string) => Promise<string | undefined>;

/**
 * Reads type and key, without the comment, from the file beside the private key, or has it derived.
 * @throws OpsError CONFIG_INVALID when there is neither
 */
export async function publicKeyOf(identityFile: string, derive: DerivePublicKey): Promise<string> {
  const text = read(`${identityFile}.pub`) ?? (await derive(identityFile));
  const [type, key] = (text ?? '').trim().split(/\s+/);
  if (type !== undefined && key !== undefined) return `${type} ${key}`;
  throw new OpsError('CONFIG_INVALID', `The public key of ${identityFile} cannot be had.`, {
    hint: `Make a key with \`ssh-keygen -t ed25519 -N '' -f ${identityFile}\`, or put its public half into ${identityFile}.pub.`,
  });
}

function read(path: string): string | undefined {
  const reading = readSmallFile(path, 'followed');
  return reading.ok ? reading.content.toString('utf8') : undefined;
}
