/** Reads what a backup of API 2 on a host holds: its WAL and snapshot, how far its log counts, and whether data of API 3 is in it. */
import { lookAsRoot } from './command.ts';
import type { RunAs } from './command.ts';
import { unknownOutput } from './failures.ts';
import type { RestoreTool, RunPaths } from './host.ts';
import * as limits from './limits.ts';
import { restored } from './restore.ts';
import type { Answer, Shell } from './shell.ts';
import { listSiblings, parseSiblings } from './siblings.ts';
import type { V2BackupFacts } from './v2.ts';

/** What is in the database of a backup without data of API 3: how far the log counts, in 3.5 the term and the version too (tried on 3.4.23 and 3.5.16). */
const ownEntries = { etcdctl: 1, etcdutl: 3 } as const;
/** A database without data of API 3 is made anew by the backup, and has a few pages. */
const dumpedBytes = 131_072;

/** The looks beside `snapshot status`. find needs the directory that it is started in, which etcd's user may not enter; it follows no link. */
export function inspectCommands({ restored: dir }: Pick<RunPaths, 'restored'>, as: RunAs) {
  return {
    list: lookAsRoot('find', `${dir}/member`, '-type', 'f', '-printf', String.raw`%P\t%s\0`),
    dump: { argv: ['od', '-A', 'n', '-t', 'x1', '-v', '-N', String(dumpedBytes), `${dir}/member/snap/db`], as, changes: false },
  } as const;
}

interface InspectDeps {
  readonly shell: Shell;
  readonly dataDir: string;
  readonly paths: RunPaths;
  readonly tool: Pick<RestoreTool, 'program'>;
  readonly owner: RunAs;
}

/** @throws OpsError HOST_* */
export async function inspectBackup({ shell, dataDir, paths, tool, owner }: InspectDeps): Promise<V2BackupFacts | undefined> {
  const siblings = parseSiblings(shell.where, dataDir, await shell.run(listSiblings(dataDir)));
  const database = await restored(shell, paths.restored, siblings, tool, owner);
  if (database === undefined) return undefined;
  const { list, dump } = inspectCommands(paths, owner);
  const [found, dumped] = (await shell.session([list, { ...dump, recorded: 'hidden' }], { limitMs: limits.lookLimitMs })).answers;
  const files = parseFiles((found as Answer).stdout);
  const wals = files.filter(({ path }) => /^wal\/.+\.wal$/.test(path));
  if (wals.length === 0) throw unknownOutput(shell.where, `find ${paths.restored}/member`, 'there is no WAL in it');
  const { revision, totalKeys } = database;
  const held = revision > 0n || totalKeys > ownEntries[tool.program];
  return {
    walFiles: wals.length,
    bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    snapshotIndex: newestSnapshot(files.map(({ path }) => path)),
    commitIndex: held ? undefined : consistentIndex((dumped as Answer).stdout),
    v3: { held, revision, totalKeys },
  };
}

function parseFiles(stdout: string): readonly { path: string; sizeBytes: number }[] {
  return stdout.split('\0').flatMap((row) => {
    const [path, size] = row.split('\t');
    return path === undefined || size === undefined ? [] : [{ path, sizeBytes: Number(size) }];
  });
}

/** The name of a snapshot is its term and index in hex: `0000000000000002-0000000000002711.snap`. */
export function newestSnapshot(paths: readonly string[]): bigint {
  return paths.reduce((newest, path) => {
    const index = /^snap\/[0-9a-f]{16}-([0-9a-f]{16})\.snap$/.exec(path)?.[1];
    const found = index === undefined ? 0n : BigInt(`0x${index}`);
    return found > newest ? found : newest;
  }, 0n);
}

/**
 * The index up to which etcd takes the log over. `backup` writes it into the database, in the bucket `meta`, under the key
 * `consistent_index`, eight bytes, big endian; no tool shows it.
 * @param hex bytes as od prints them
 */
export function consistentIndex(hex: string): bigint | undefined {
  const bytes = hex.replaceAll(/\s/g, '');
  const key = Buffer.from('consistent_index').toString('hex');
  const found = [...bytes.matchAll(new RegExp(`${key}([0-9a-f]{16})`, 'g'))].map(([, value = '']) => BigInt(`0x${value}`));
  return found.reduce<bigint | undefined>((highest, value) => (highest === undefined || value > highest ? value : highest), undefined);
}
