/** What takes secrets, and characters that mislead, out of foreign text; and what shortens it. */
import { concealAll, concealedError, createConceal } from '../../src/engine/conceal.ts';
import { renderCommand } from '../../src/engine/command.ts';
import * as foreign from '../../src/engine/foreign-text.ts';
import { withoutShapes } from '../../src/engine/shapes.ts';
import { shorten } from '../../src/host/bounded.ts';
import type { Taker } from './measure.ts';

const secrets = ['pa"ss/w0rd+long', 'aaaaaaaaaaaaaaab', 'MIIEowIBAAKCAQEAxxxxxxxxxxxxxxxxxxx'];
const conceal = createConceal(secrets);

export const cleaners: readonly Taker[] = [
  { name: 'engine/shapes.ts withoutShapes', take: withoutShapes },
  { name: 'engine/conceal.ts createConceal', take: conceal },
  { name: 'engine/conceal.ts concealAll', take: (text) => concealAll({ text, list: [text] }, conceal) },
  { name: 'engine/conceal.ts concealedError', take: (text) => concealedError(new Error(text), conceal) },
  { name: 'engine/foreign-text.ts isPlain', take: foreign.isPlain },
  { name: 'engine/foreign-text.ts withoutEscapes', take: (text) => foreign.withoutEscapes(text) },
  { name: 'engine/foreign-text.ts forScreen', take: foreign.forScreen },
  { name: 'engine/foreign-text.ts cleaned', take: (text) => foreign.cleaned(text) },
  { name: 'engine/foreign-text.ts cleanedLines', take: (text) => foreign.cleanedLines(text, text.length) },
  { name: 'engine/foreign-text.ts inSentence', take: (text) => foreign.inSentence(text, text.length) },
  { name: 'engine/foreign-text.ts withoutFullStop', take: foreign.withoutFullStop },
  { name: 'engine/command.ts renderCommand', take: (text) => renderCommand({ on: 'etcd01', argv: [text] }) },
  { name: 'host/bounded.ts shorten', take: (text) => shorten(text, 8_192) },
];
