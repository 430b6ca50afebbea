/** The signature of a sidecar: only who has the bot's key can say when a snapshot was taken, of which cluster, and which bytes are meant. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { OpsError } from '../errors.ts';

/** Signs, and knows what was signed (docs/adr/0023-signed-sidecars.md). */
export interface Signing {
  /** HMAC-SHA-256 in hex, by the first key. @throws OpsError STORE_FAILED when there is no key */
  sign(content: string): string;
  /** Whether one of the keys made this signature of this content. */
  knows(content: string, signature: string): boolean;
  /** By which keys are told apart, the one that signs first. Says nothing of the keys themselves. */
  readonly keyIds: readonly string[];
  /** Why nothing can be signed, as a sentence; undefined when it can. */
  readonly problem: string | undefined;
}

/** A key as it is written: 32 bytes in hex. */
export const signingKey = /^[0-9a-fA-F]{64}$/;

/** @param keys each 64 hexadecimal digits; the first signs, all are accepted, so that a key can be exchanged without doubting older files */
export function createSigning(keys: readonly string[]): Signing {
  const secrets = keys.map((key) => Buffer.from(key, 'hex'));
  const [first] = secrets;
  if (first === undefined) return withoutKey('There is no key to sign backups with.');
  return {
    sign: (content) => hmac(first, content).toString('hex'),
    knows: (content, signature) => {
      const given = Buffer.from(signature, 'hex');
      return secrets.some((secret) => given.length === 32 && timingSafeEqual(hmac(secret, content), given));
    },
    keyIds: secrets.map((secret) => createHash('sha256').update(secret).digest('hex').slice(0, 12)),
    problem: undefined,
  };
}

/** Knows no signature and makes none. @param problem why, as a sentence */
export function withoutKey(problem: string): Signing {
  return { sign: () => refuse(problem), knows: () => false, keyIds: [], problem };
}

/** For who only looks and was not given the key: what has a signature is not doubted for that, and who looks says that it was not checked. */
export function unchecked(problem: string): Signing {
  return { ...withoutKey(problem), knows: () => true };
}

/** Asked before anything is streamed that could not be signed afterwards. @throws OpsError STORE_FAILED */
export function demandKey({ problem }: Signing): void {
  if (problem !== undefined) refuse(problem);
}

function refuse(problem: string): never {
  throw new OpsError('STORE_FAILED', `No backup can be stored, because it could not be signed. ${problem}`, {
    hint: 'Put the key right (docs/adr/0023-signed-sidecars.md), restart the worker, then press Retry.',
  });
}

function hmac(secret: Buffer, content: string): Buffer {
  return createHmac('sha256', secret).update(content).digest();
}

/**
 * What is signed of a sidecar: its known fields by name, each with its value as it is written, in one form whatever their order.
 * @param kind keeps a sidecar of one kind from being taken for one of another
 */
export function canonical(kind: 'snapshot' | 'v2 backup', names: readonly string[], fields: Readonly<Record<string, unknown>>): string {
  const known = names.filter((name) => name !== 'signature' && fields[name] !== undefined).toSorted();
  return `etcd-medic ${kind}\n${JSON.stringify(known.map((name) => [name, fields[name]]))}`;
}

/** A clock that is this far ahead is still taken for right. */
const clockToleranceMs = 5 * 60_000;

const nobody = 'nobody vouches for this file';

/** What is said of a file that a person put there. */
export const ownFileDoubt = `${nobody}: a person put it here`;

/** Why a file is never chosen without being named, each as a part of a sentence; none for one that this bot has signed. */
export function doubtsOf(signed: boolean, signature: string | undefined, takenAt: Date, now: Date): readonly string[] {
  const unsigned =
    signature === undefined
      ? `${nobody}: its sidecar has no signature`
      : `${nobody}: the signature of its sidecar is by no key of this bot, or the sidecar was changed`;
  const early = `its time, ${takenAt.toISOString().slice(0, 19).replace('T', ' ')} UTC, lies in the future`;
  return [...(signed ? [] : [unsigned]), ...(takenAt.getTime() - now.getTime() > clockToleranceMs ? [early] : [])];
}
