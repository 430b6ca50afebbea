/** What is written in docs/ is what the program has: error codes, a page for each procedure, a line for each package. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkClusters } from '../src/config/cluster-checks.ts';
import { Config } from '../src/config/schema.ts';
import { errorCatalogue } from '../src/errors.ts';
import { verbs } from '../src/procedures/index.ts';

describe('docs/errors.md', () => {
  it('lists every code with whether to try again and the hint that people see', () => {
    const rows = tableRows(readFileSync('docs/errors.md', 'utf8')).filter(([code = '']) => /^[A-Z_]+$/.test(code));
    const catalogue = Object.entries(errorCatalogue).map(([code, { retry, hint }]) => [code, retry, hint]);

    expect(rows.map(([code, again, , whatToDo]) => [code, again, whatToDo])).toEqual(catalogue);
    expect(rows.filter(([, , cause]) => (cause ?? '').length < 10)).toEqual([]);
  });
});

describe('docs/runbooks', () => {
  const procedures = verbs.filter(({ type }) => type === 'procedure').map(({ id }) => id);

  it('has a page for each procedure, and no other', () => {
    expect(globSync('docs/runbooks/*.md').toSorted()).toEqual(procedures.map((id) => `docs/runbooks/${id}.md`).toSorted());
  });

  it.each(procedures)('%s: its headings are its steps, in order', (id) => {
    const steps = [
      ...readFileSync(`src/procedures/${id}.ts`, 'utf8').matchAll(/\b(?:check|change|destroy|choose|attest)\(\s*'([a-z0-9-]+)'/g),
    ].map(([, step]) => step);
    const page = readFileSync(`docs/runbooks/${id}.md`, 'utf8');

    expect([...page.matchAll(/^## ([a-z0-9-]+)$/gm)].map(([, heading]) => heading)).toEqual(steps);
  });
});

describe('docs/adr/0002-dependencies.md', () => {
  it('says of every package why it is here', () => {
    const rows = tableRows(readFileSync('docs/adr/0002-dependencies.md', 'utf8')).flatMap(([names = '']) => names.split(', '));
    const Packages = z.record(z.string(), z.string());
    const manifest = z
      .object({ dependencies: Packages, devDependencies: Packages, optionalDependencies: Packages })
      .parse(JSON.parse(readFileSync('package.json', 'utf8')));
    const names = Object.values(manifest).flatMap((packages) => Object.keys(packages));

    expect(rows).toEqual(expect.arrayContaining(names));
    expect(rows.filter((name) => !names.includes(name) && !['package', 'for development', '---'].includes(name))).toEqual([]);
  });
});

describe('README.md', () => {
  it('shows a config.yaml that is right', () => {
    const example: unknown = parse(/```yaml\n(.*?)```/s.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '');

    const { clusters } = Config.parse(example);

    expect(checkClusters(clusters)).toEqual({ mistakes: [], warnings: [] });
  });
});

describe('links', () => {
  it('point to files that are there', () => {
    const pages = [...globSync('docs/**/*.md'), ...globSync('*.md')];
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target = '']) => join(dirname(page), target))
        .filter((target) => globSync(target).length === 0)
        .map((target) => `${page}: ${target}`),
    );

    expect(broken).toEqual([]);
  });
});

function tableRows(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll(String.raw`\|`, '|')),
    );
}
