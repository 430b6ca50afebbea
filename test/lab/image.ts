/** Makes a host image once per Debian release, and hands out the cached one ever after. */
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withLock } from './lock.ts';
import { cacheDir } from './paths.ts';
import { imageName, recipeOf, releases } from './recipe.ts';
import type { EtcdVersion, Release } from './recipe.ts';
import { run, say } from './run.ts';

const buildTimeoutMs = 15 * 60_000;
const scriptsDir = '/usr/share/debootstrap/scripts';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Directories of this machine. */
export interface Images {
  /** What hosts are made of. */
  readonly image: string;
  /** The image of the release that ships this etcd: etcdctl runs from there. */
  readonly shipped: string;
}

/** Gives the image that has this etcd; makes it when it is not there (about a minute). @param release another than the one that ships it */
export async function ensureImages(etcd: EtcdVersion, release: Release = releases[etcd]): Promise<Images> {
  const shipped = await ensureImage({ etcd, release: releases[etcd] });
  return { shipped, image: release === releases[etcd] ? shipped : await ensureImage({ etcd, release, from: shipped }) };
}

interface Order {
  readonly etcd: EtcdVersion;
  readonly release: Release;
  /** The image whose etcd it gets, in the place of its own. */
  readonly from?: string;
}

async function ensureImage(order: Order): Promise<string> {
  const image = join(cacheDir(), imageName(order.release, order.etcd));
  if (existsSync(image)) return image;
  return await withLock(
    `image${image}`,
    { withinMs: buildTimeoutMs, onWait: () => say(`another process is making the image ${image}; waiting for it`) },
    async () => {
      if (!existsSync(image)) await build(order, image);
      return image;
    },
  );
}

async function build({ release, etcd, from }: Order, image: string): Promise<void> {
  const started = performance.now();
  // One name per image, and the lock is ours: whatever stands there is of a build that died.
  const building = join(dirname(image), `.building-${imageName(release, etcd)}`);
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { recursive: true, mode: 0o755 });
  const mirror = await aptMirror();
  const recipe = recipeOf(release);
  say(`making the image ${image} with debootstrap; once, and it takes about a minute`);
  try {
    await debootstrap(release, building, mirror);
    say('debootstrap is done; preparing the image');
    if (from !== undefined) await borrow(from, building);
    for (const [path, text] of Object.entries(recipe.files)) {
      await mkdir(dirname(join(building, path)), { recursive: true });
      await writeFile(join(building, path), text);
    }
    await run(['chroot', building, '/bin/sh', '-s'], { input: recipe.script, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });
    // The rename is what makes it an image: a half-made one never has the name.
    await rename(building, image);
  } catch (failure) {
    await rm(building, { recursive: true, force: true });
    throw failure;
  }
  say(`the image is made, in ${Math.round((performance.now() - started) / 1000)} s`);
  await sayOldImages(release, image);
}

/** Copies etcd's programs, and the C library they need, to where the recipe's script takes them from. */
async function borrow(from: string, building: string): Promise<void> {
  const { libraries, loader } = librariesOf(from);
  const copies = [
    ...['etcd', 'etcdctl', 'etcdutl'].map((name) => ['bin', join(from, 'usr/bin', name)] as const),
    ...['libc.so.6', 'libresolv.so.2', 'libpthread.so.0', loader].map((name) => ['lib', join(libraries, name)] as const),
  ];
  for (const [kind, path] of copies) {
    const dir = join(building, 'borrowed', kind);
    await mkdir(dir, { recursive: true });
    // 3.4 has no etcdutl.
    if (existsSync(path)) await copyFile(path, join(dir, basename(path)));
  }
}

/** Where an image has its libraries, and the name of its loader. @throws Error when it has none */
export function librariesOf(image: string): { libraries: string; loader: string } {
  const architecture = readdirSync(join(image, 'usr/lib')).find((name) => name.endsWith('-linux-gnu'));
  if (architecture === undefined) throw new Error(`${image} has no libraries`);
  const libraries = join(image, 'usr/lib', architecture);
  const loader = readdirSync(libraries).find((name) => /^ld-linux-.*\.so\.\d+$/.test(name));
  if (loader === undefined) throw new Error(`${image} has no loader`);
  return { libraries, loader };
}

async function debootstrap(release: Release, target: string, mirror: string): Promise<void> {
  const own = join(scriptsDir, release);
  // A debootstrap older than the release has no script of its name; every Debian release since jessie uses the one of sid.
  const scripts = existsSync(own) ? [] : [join(scriptsDir, 'sid')];
  await run(
    [
      'debootstrap',
      '--variant=minbase',
      `--keyring=${keyring}`,
      `--include=${recipeOf(release).packages.join(',')}`,
      release,
      target,
      mirror,
      ...scripts,
    ],
    { timeoutMs: buildTimeoutMs, env: { DEBIAN_FRONTEND: 'noninteractive' } },
  );
}

/**
 * The Debian mirror this machine's own apt uses; ETCD_MEDIC_LAB_MIRROR goes before it.
 * @throws Error when apt knows no Debian mirror
 */
export async function aptMirror(): Promise<string> {
  const given = process.env['ETCD_MEDIC_LAB_MIRROR'];
  if (given !== undefined) return given;
  const { stdout } = await run(['apt-get', 'indextargets', '--format', '$(SITE)|$(COMPONENT)|$(LABEL)', 'Created-By: Packages']);
  const site = stdout
    .split('\n')
    .map((line) => line.split('|'))
    .find(([, component, label]) => component === 'main' && label === 'Debian')?.[0];
  if (site === undefined)
    throw new Error('apt on this machine has no Debian mirror (after apt-get update); name one in ETCD_MEDIC_LAB_MIRROR');
  return site;
}

async function sayOldImages(release: Release, image: string): Promise<void> {
  const others = (await readdir(dirname(image))).filter((name) => name.startsWith(`${release}-`) && join(dirname(image), name) !== image);
  // Not removed: another checkout of the repository may use it at this moment.
  if (others.length > 0)
    say(`older images of ${release} are in ${dirname(image)} and can be removed when no lab uses them: ${others.join(' ')}`);
}
