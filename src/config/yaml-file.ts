/** Reads config.yaml and knows on which line each setting stands. */
import { LineCounter, isCollection, isNode, isPair, isScalar, parseDocument, type Document } from 'yaml';
import { readSmallFile } from '../files/plain-file.ts';
import { mistake, type Mistake, type Path } from './mistakes.ts';

/** A YAML file that was read. */
export interface YamlFile {
  /** Undefined when the file cannot be read or is not YAML. */
  readonly content: unknown;
  readonly mistakes: readonly Mistake[];
  readonly warnings: readonly Mistake[];
  /** The line of a setting, or of the nearest mapping around it. */
  lineOf(path: Path): number | undefined;
}

/** Who may write it says who may approve. */
const othersMayWrite = 0o002;

/** Reads and parses a file; never throws. Keys that stand twice are mistakes. */
export function readYaml(path: string): YamlFile {
  const reading = readSmallFile(path, 'followed');
  if (!reading.ok) {
    const missing = 'there is no such file; ETCD_MEDIC_CONFIG says where it is';
    return failed(mistake([path], reading.code === 'ENOENT' ? missing : reading.because));
  }
  const text = reading.content.toString('utf8');
  const warnings =
    (reading.mode & othersMayWrite) === 0 ? [] : [mistake([path], `can be written by anybody, who could approve in it: chmod o-w ${path}`)];
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const flaws = [...document.errors, ...document.warnings];
  if (flaws.length > 0)
    return failed(...flaws.map(({ message, pos }) => mistake([path], `line ${lineCounter.linePos(pos[0]).line}: ${withoutText(message)}`)));
  if (document.contents === null) return failed(mistake([path], 'the file is empty'));
  const content = contentOf(document);
  if (content === 'aliases') return failed(mistake([path], aliases));
  return { content: content.value, mistakes: [], warnings, lineOf: (place) => lineOf(document, lineCounter, place) };
}

const aliases =
  'an alias (*name) has no anchor before it, or there are too many of them; a text that begins with an asterisk must stand in quotes';

/** What the parser quotes of the file may be a password. */
function withoutText(message: string): string {
  return message.replace(/(?:: |["'`]).*$/s, '').trim();
}

/** Aliases are followed only here, and the parser throws where that leads nowhere or without end. */
function contentOf(document: Document): { readonly value: unknown } | 'aliases' {
  try {
    return { value: document.toJS() };
  } catch (error) {
    if (error instanceof ReferenceError) return 'aliases';
    throw error;
  }
}

function failed(...mistakes: Mistake[]): YamlFile {
  return { content: undefined, mistakes, warnings: [], lineOf: () => undefined };
}

function lineOf(document: Document, lines: LineCounter, path: Path): number | undefined {
  let here: unknown = document.contents;
  let offset: number | undefined;
  for (const key of path) {
    if (!isCollection(here)) break;
    const pair = here.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
    const next: unknown = isPair(pair) ? pair.value : here.get(key, true);
    const marker = isPair(pair) ? pair.key : next;
    if (!isNode(marker) || !marker.range) break;
    offset = marker.range[0];
    here = next;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}
