/** Puts files onto a host's disk from outside, without following a link that leads out of it. */
import { chmod, chown, lstat, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Of the host: its ids are not those of this machine. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}
export const rootUser: Owner = { uid: 0, gid: 0 };

/** A user's ids on the disk below `root`. @throws Error when it has no such user */
export async function userOf(root: string, name: string): Promise<Owner> {
  const line = (await readFile(join(root, 'etc/passwd'), 'utf8')).split('\n').find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`the image has no user ${name}`);
  return { uid: Number(uid), gid: Number(gid) };
}

/** A file as it is to be. */
export interface Wanted {
  readonly content: string | Buffer;
  readonly mode: number;
  /** root when not given. */
  readonly owner?: Owner;
}

/**
 * Makes a file what is wanted, with the directories above it; leaves it alone when it is so already.
 * What lies in its place, be it a link (a masked unit leads to /dev/null), is replaced and not written to.
 * @returns whether anything changed
 */
export async function put(path: string, { content, mode, owner = rootUser }: Wanted): Promise<boolean> {
  const now = await lstat(path).catch(() => undefined);
  const bytes = Buffer.from(content);
  if (
    now?.isFile() === true &&
    (now.mode & 0o7777) === mode &&
    now.uid === owner.uid &&
    now.gid === owner.gid &&
    bytes.equals(await readFile(path))
  )
    return false;
  await mkdir(dirname(path), { recursive: true });
  // A name that neither sudo nor systemd reads: it has a dot and no known ending.
  const next = `${path}.lab-next`;
  await writeFile(next, bytes);
  await chown(next, owner.uid, owner.gid);
  await chmod(next, mode);
  await rename(next, path);
  return true;
}
