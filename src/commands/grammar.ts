/** Reads the words after a verb by its own declaration, with commander; every mistake becomes a sentence. */
import { Argument, Command, CommanderError, Option } from 'commander';
import { OpsError } from '../errors.ts';
import type { ClusterName } from '../ids.ts';
import type { ArgumentSpec } from '../procedures/procedure.ts';
import { didYouMean, quoted } from './nearest.ts';
import { flagOf, placeholderOf, usageOf } from './words.ts';
import type { Declared } from './words.ts';

/** The words by the name of their argument: strings, and booleans for flags. */
export type Values = Readonly<Record<string, string | boolean>>;

/**
 * Reads words by a declaration.
 * @throws OpsError INPUT_INVALID for an option that is not known, a value that is missing, a word too many or too few
 */
export function readWords(declared: Declared, words: readonly string[]): Values {
  const command = commandOf(declared);
  try {
    command.parse([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw mistake(declared, `${sentence(error)}${suggestion(declared, words)}`);
    throw error;
  }
  const options = command.opts<Record<string, string | boolean | undefined>>();
  const positionals = declared.arguments.filter(({ kind }) => kind === 'positional');
  const entries = declared.arguments.map((spec): [string, string | boolean | undefined] => {
    if (spec.kind === 'positional') return [spec.name, command.args[positionals.indexOf(spec)]];
    const value = options[optionOf(spec).attributeName()];
    return [spec.name, spec.kind === 'flag' ? value === true : value];
  });
  return Object.fromEntries(entries.filter((entry): entry is [string, string | boolean] => entry[1] !== undefined));
}

/** A mistake in a command, with the line that would be right. @param cluster whose names the sentence tells, for who may look at it */
export function mistake(declared: Declared, what: string, cluster?: ClusterName): OpsError {
  const details = { verb: declared.id, ...(cluster !== undefined && { cluster }) };
  return new OpsError('INPUT_INVALID', what, { hint: `Usage: \`${usageOf(declared)}\``, details });
}

function commandOf(declared: Declared): Command {
  const silence = { writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined };
  const command = new Command(declared.id)
    .exitOverride()
    .configureOutput(silence)
    .helpOption(false)
    .helpCommand(false)
    .showSuggestionAfterError(false);
  command.allowExcessArguments(false);
  for (const spec of declared.arguments) {
    if (spec.kind === 'positional') command.addArgument(argumentOf(spec));
    else command.addOption(optionOf(spec));
  }
  return command;
}

function argumentOf(spec: ArgumentSpec): Argument {
  return new Argument(spec.required ? `<${spec.name}>` : `[${spec.name}]`, spec.description);
}

function optionOf(spec: ArgumentSpec): Option {
  const option = new Option(
    spec.kind === 'flag' ? flagOf(spec) : `${flagOf(spec)} <${placeholderOf(spec).replaceAll(/\s/g, '-')}>`,
    spec.description,
  );
  if (spec.repeatable === true) option.argParser<string>((value, before) => (before === undefined ? value : `${before}\n${value}`));
  return option.makeOptionMandatory(spec.required && spec.kind === 'option');
}

/** commander's own words, as a sentence: the one place where its message is read. */
function sentence({ message }: CommanderError): string {
  const text = message.replace(/^error: /, '').replaceAll(/'([^']*)'/g, (_whole, word: string) => quoted(word));
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`;
}

function suggestion(declared: Declared, words: readonly string[]): string {
  const flags = declared.arguments.filter(({ kind }) => kind !== 'positional').map(flagOf);
  const unknown = words.find((word) => word.startsWith('--') && word !== '--' && !flags.includes(word.split('=', 1)[0] ?? ''));
  return unknown === undefined ? '' : didYouMean(unknown.split('=', 1)[0] ?? '', flags);
}
