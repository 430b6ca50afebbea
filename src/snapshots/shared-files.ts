/** The two small files that all workers share in the directory of the backups: its mark, and the key that signs when no other is given. */
import { randomBytes, randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readSmallFile } from '../files/plain-file.ts';
import type { Reading } from '../files/plain-file.ts';
import { linked, makeTopDirectory, syncDirectory, writeSynced } from './durable.ts';
import { createSigning, signingKey, withoutKey } from './signing.ts';
import type { Signing } from './signing.ts';
import { withStore } from './store-error.ts';

const markName = '.etcd-medic-id';
const keyName = '.signing-key';
const maxBytes = 4_096;
const othersMay = 0o077;

/** The directory's mark: the same for whoever sees the same directory; or why it cannot be read, as a sentence. */
export type Mark = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly because: string };

/** Reads the mark of a directory, and makes one where there is none. @throws OpsError STORE_FAILED when it cannot be made */
export async function makeMark(directory: string): Promise<Mark> {
  await makeOnce(directory, markName, () => `${randomUUID()}\n`);
  return readMark(directory);
}

/** Reads the mark of a directory. Changes nothing, never throws. */
export function readMark(directory: string): Mark {
  const path = join(directory, markName);
  const reading = readSmallFile(path, 'refused', maxBytes);
  if (!reading.ok) return { ok: false, because: `${path} ${reading.because}.` };
  const id = z.uuid().safeParse(reading.content.toString('utf8').trim());
  return id.success ? { ok: true, id: id.data } : { ok: false, because: `${path} holds no mark: it was cut or changed.` };
}

/** Reads the key that lies beside the backups, and makes one where there is none. @throws OpsError STORE_FAILED when it cannot be made */
export async function makeSigning(directory: string): Promise<Signing> {
  await makeOnce(directory, keyName, () => `${randomBytes(32).toString('hex')}\n`);
  return await readSigning(directory);
}

/** Reads the key that lies beside the backups. Changes nothing; without a key nothing is signed and no signature known. */
export async function readSigning(directory: string): Promise<Signing> {
  const path = join(directory, keyName);
  const reading = readSmallFile(path, 'refused', maxBytes);
  if (!reading.ok) return withoutKey(`${path} ${reading.because}.`);
  const flaw = await flawOf(directory, reading);
  if (flaw !== undefined) return withoutKey(`${path} ${flaw}, so it is not trusted.`);
  const keys = reading.content.toString('utf8').split(/\s+/).filter(Boolean);
  if (keys.length === 0 || !keys.every((key) => signingKey.test(key)))
    return withoutKey(`${path} holds no key: each line must have 64 hexadecimal digits.`);
  return createSigning(keys);
}

/** Whoever could have put it there, or reads it, can sign. To root, who only looks, it is as good as to the directory's owner. */
async function flawOf(directory: string, { mode, uid }: Extract<Reading, { ok: true }>): Promise<string | undefined> {
  const me = process.geteuid?.();
  const trusted = [0, me, ...(me === 0 ? [(await stat(directory)).uid] : [])];
  if (!trusted.includes(uid)) return `belongs to another user (uid ${uid})`;
  return (mode & othersMay) === 0 ? undefined : `can be read or written by others: chmod 600`;
}

/** Whole under its name or not there: of workers that begin at the same moment one makes it, and all read that. */
async function makeOnce(directory: string, name: string, content: () => string): Promise<void> {
  const path = join(directory, name);
  await withStore(`make ${path}`, async () => {
    await makeTopDirectory(directory);
    if (readSmallFile(path, 'refused', maxBytes).ok) return;
    const temporary = join(directory, `${name}.${randomUUID()}.part`);
    await writeSynced(temporary, content());
    await linked(temporary, path);
    await rm(temporary, { force: true });
    await syncDirectory(directory);
  });
}
