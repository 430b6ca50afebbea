/** Reads unit files and environment files as systemd does, as far as etcd's settings need it. */

/** A line of a unit file: where it stands and what it says. */
export interface Directive {
  readonly path: string;
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** A file by its path and text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** The directives of unit files, in the order they are read (systemd.syntax(7)). */
export function directives(files: readonly TextFile[]): readonly Directive[] {
  return files.flatMap(({ path, text }) => {
    let section = '';
    return logicalLines(withoutComments(text)).flatMap((line) => {
      const header = /^\[(.+)\]$/.exec(line)?.[1];
      if (header !== undefined) section = header;
      const [, key, value] = /^([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [{ path, section, key, value }];
    });
  });
}

/** The value that counts of a directive that may be given once. */
export function lastOf(all: readonly Directive[], key: string): Directive | undefined {
  return all.findLast((directive) => directive.section === 'Service' && directive.key === key);
}

/** The values of a directive that is a list: an empty one forgets those before it. */
export function listOf(all: readonly Directive[], key: string): readonly Directive[] {
  const values: Directive[] = [];
  for (const directive of all) {
    if (directive.section !== 'Service' || directive.key !== key) continue;
    if (directive.value === '') values.length = 0;
    else values.push(directive);
  }
  return values;
}

/** `KEY=value` lines of an environment file; later ones win (systemd.exec(5), EnvironmentFile=). */
export function assignments(text: string): readonly (readonly [string, string])[] {
  return logicalLines(text).flatMap((line) => {
    const [, key, value] = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, unquote(value)] as const];
  });
}

/** Splits a command line or an `Environment=` value as systemd does: at blanks outside of quotes. */
export function words(text: string): readonly string[] {
  return [...text.matchAll(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+/gs)].map(([word]) =>
    word.replaceAll(
      /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|\\(.)/gs,
      (_, double: string | undefined, single: string | undefined, escaped: string | undefined) =>
        (double ?? single)?.replaceAll(/\\(.)/gs, '$1') ?? escaped ?? '',
    ),
  );
}

function unquote(value: string): string {
  const trimmed = value.trim();
  const [, quote, inner] = /^(["'])(.*)\1$/s.exec(trimmed) ?? [];
  return quote === undefined || inner === undefined ? trimmed : inner;
}

/** A comment between lines that are continued does not end them (systemd.syntax(7)). */
function withoutComments(text: string): string {
  return text.replaceAll(/^[ \t]*[#;].*\n/gm, '');
}

function logicalLines(text: string): readonly string[] {
  return text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith(';'));
}
