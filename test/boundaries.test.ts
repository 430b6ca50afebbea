/** Holds the direction of dependencies and the size of files; the table is in boundaries.ts. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { approvalMinters, boundaries, packageOwners } from './boundaries.ts';

const maxFileLines = 300;
const sources = globSync('src/**/*.ts').map(read);
const tests = globSync('test/**/*.ts').map(read);

describe('boundaries', () => {
  it('knows every folder of src', () => {
    const folders = new Set(sources.map(({ path }) => folderOf(path)).filter((folder) => folder !== ''));

    expect(Object.keys(boundaries)).toEqual(expect.arrayContaining([...folders]));
  });

  it('lets each folder see only what the table allows', () => {
    const trespasses = sources
      .filter(({ path }) => folderOf(path) !== '')
      .flatMap((source) => source.imports.flatMap((one) => trespass(source.path, one)));

    expect(trespasses).toEqual([]);
  });

  it('keeps errors.ts and ids.ts at the bottom', () => {
    const bottom = sources.filter(({ path }) => path === 'src/errors.ts' || path === 'src/ids.ts');

    expect(bottom.flatMap(({ imports }) => imports.filter(({ from }) => from.startsWith('.')))).toEqual([]);
  });

  it('lets only the gate make an approval', () => {
    const minters = sources
      .filter(({ path, text }) => path !== 'src/engine/approval.ts' && /\bmintApproval\b/.test(text))
      .map(({ path }) => path);

    expect(minters.filter((path) => !approvalMinters.some((glob) => matchesGlob(path, glob)))).toEqual([]);
  });

  it('lets only config/ read the environment', () => {
    const readers = sources
      .filter(({ path, text }) => folderOf(path) !== 'config' && /\bprocess\.env\b/.test(text))
      .map(({ path }) => path);

    expect(readers).toEqual([]);
  });
});

describe('files', () => {
  it(`have at most ${maxFileLines} lines`, () => {
    const long = [...sources, ...tests]
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > maxFileLines);

    expect(long.map(({ path, lines }) => `${path} has ${lines} lines: split it along the sentence at its top`)).toEqual([]);
  });

  it('begin with a sentence on what they are for', () => {
    // The name of a test file and its first describe say it.
    const silent = [...sources, ...tests]
      .filter(({ path, text }) => !path.endsWith('.test.ts') && !/^(#!.*\n)?\/\*\*/.test(text))
      .map(({ path }) => path);

    expect(silent).toEqual([]);
  });

  it('stand in folders that say what they hold', () => {
    const vague = [...sources, ...tests]
      .filter(({ path }) => /(^|\/)(utils?|common|shared|helpers?|misc)\//.test(path))
      .map(({ path }) => path);

    expect(vague).toEqual([]);
  });
});

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

function read(path: string): { path: string; text: string; imports: Import[] } {
  const text = readFileSync(path, 'utf8');
  const statements = [
    ...text.matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bawait import\('([^']+)'\)/gm),
  ];
  return {
    path,
    text,
    imports: statements.map(([, type, from, bare, dynamic]) => ({ from: from ?? bare ?? dynamic ?? '', typeOnly: type !== undefined })),
  };
}

/** `src/host/ssh.ts` -> `host`; `src/main.ts` -> ``. */
function folderOf(path: string): string {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? '';
}

/** A sentence that says what to do, when an import goes against the direction. */
function trespass(path: string, { from, typeOnly }: Import): string[] {
  const folder = folderOf(path);
  const { sees, seesTypesOf } = boundaries[folder] ?? { sees: [], seesTypesOf: [] };
  if (!from.startsWith('.')) {
    const owner = Object.entries(packageOwners).find(([name]) => (name.endsWith('/') ? from.startsWith(name) : from === name))?.[1];
    return owner === undefined || owner === folder
      ? []
      : [`${path} imports ${from}: only ${owner}/ does; declare what you need as an interface and have it handed in`];
  }
  const target = normalize(join(dirname(path), from));
  if (target === 'src/errors.ts' || target === 'src/ids.ts') return [];
  const other = folderOf(target);
  if (other === folder || sees.includes(other)) return [];
  if (!seesTypesOf.includes(other))
    return [
      `${path} imports ${target}: ${folder}/ does not see ${other === '' ? 'it' : `${other}/`}; turn the dependency round or declare an interface`,
    ];
  return typeOnly
    ? []
    : [`${path} imports ${target} as a value: ${folder}/ sees ${other}/ as types only; use \`import type\` and have the value handed in`];
}
