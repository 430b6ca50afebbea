/** What the bot knows of itself for the checkup: its certificate, its own kit, and the disk of its backups. */
import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cluster } from '../config/schema.ts';
import { readSmallFile } from '../files/plain-file.ts';
import { freeBytesOf, reserveBytes } from '../files/room.ts';
import { readProgram } from '../kit/program.ts';
import type { Bot } from '../procedures/world.ts';

interface OwnStateDeps {
  readonly cluster: Pick<Cluster, 'tls' | 'auth'>;
  /** Of the user of `auth`, when this process has it. */
  readonly hasPassword: boolean;
  readonly backupsDirectory: string;
  readonly surroundings: Bot['surroundings'];
}

/** Reads nothing before it is asked, but for the certificate. */
export function ownState({ cluster: { tls, auth }, hasPassword, backupsDirectory, surroundings }: OwnStateDeps): Bot {
  return {
    get programSha256() {
      return readProgram().sha256;
    },
    identity: { certificate: tls === undefined ? undefined : certificateOf(tls.cert), user: hasPassword ? auth?.user : undefined },
    backupsDisk: async () => await diskOf(backupsDirectory),
    surroundings,
  };
}

/** Undefined when it cannot be read: then nothing can be asked of etcd, and that says why. */
function certificateOf(file: string): Bot['identity']['certificate'] {
  const reading = readSmallFile(file, 'followed');
  if (!reading.ok) return undefined;
  try {
    const { subject, validToDate } = new X509Certificate(reading.content);
    return { file, commonName: /^CN=(.*)$/m.exec(subject)?.[1] ?? 'none', notAfter: validToDate };
  } catch {
    return undefined;
  }
}

/** Of the directory, or of where it will be made. */
async function diskOf(directory: string): ReturnType<Bot['backupsDisk']> {
  for (let path = directory; ; path = dirname(path)) {
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    if (!isThere && path !== dirname(path)) continue;
    try {
      return { directory, freeBytes: await freeBytesOf(path), reserveBytes };
    } catch {
      return undefined;
    }
  }
}
