/** Every value that goes into the script: by its kind it must be of a form that is allowed, and then it is quoted. */
import { isIP } from 'node:net';
import { OpsError } from '../errors.ts';

/** The groups of verbs that the owner of a host allows (docs/hosts.md). */
export const allowGroups = ['look', 'stop-and-start', 'restore', 'replace', 'fetch-database', 'v2'] as const;

const base64Key =
  /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]{40,4000}={0,2}$/;

/** None of these lets a quote, a blank or a line's end through, but for the blank between a key's type and the key, and between words of a list. */
const kinds = {
  action: (text) => text === 'install' || text === 'remove',
  cluster: (text) => /^[a-z][a-z0-9-]{0,30}$/.test(text),
  user: (text) => /^[a-z_][a-z0-9_-]{0,31}$/.test(text),
  unit: (text) => /^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,60}$/.test(text),
  key: (text) => base64Key.test(text),
  sha256: (text) => /^[0-9a-f]{64}$/.test(text),
  /** Nothing, or addresses and networks separated by commas. */
  from: (text) => text === '' || text.split(',').every(isAddressOrNetwork),
  allow: (text) => text === '' || text.split(',').every((group) => (allowGroups as readonly string[]).includes(group)),
  flag: (text) => text === '' || text === 'yes',
  hosts: (text) => text.split(' ').every((host) => /^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/.test(host)),
  modules: (text) => text.split(' ').every((name) => /^[a-z_][a-z0-9_]{0,40}\.py$/.test(name)),
} as const satisfies Readonly<Record<string, (text: string) => boolean>>;

/** What a value is. */
export type Kind = keyof typeof kinds;

/**
 * A value as a word of a POSIX shell.
 * @throws OpsError ARGUMENT_UNSAFE when it is not of a form that its kind allows
 */
export function shellWord(kind: Kind, text: string): string {
  if (!kinds[kind](text) || /['\p{Cc}]/u.test(text))
    throw new OpsError('ARGUMENT_UNSAFE', `${JSON.stringify(text.slice(0, 80))} cannot stand in the script as ${words[kind]}.`);
  return `'${text}'`;
}

const words: Readonly<Record<Kind, string>> = {
  action: 'what to do',
  cluster: 'the name of a cluster',
  user: 'the name of a user',
  unit: 'a unit of systemd',
  key: 'a public key of ssh',
  sha256: 'a hash',
  from: 'an address or a network, e.g. 10.0.0.5 or 10.0.0.0/24',
  allow: `what is allowed (${allowGroups.join(', ')})`,
  flag: 'a yes or no',
  hosts: 'hosts',
  modules: 'modules of the program',
};

/** A name will not do: sshd would have to trust the name service. */
function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
