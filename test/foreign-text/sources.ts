/** Finds functions that take text and are not in the registry, as far as the source shows it: by the names of their parameters, and by patterns. */
import { globSync, readFileSync } from 'node:fs';
import { registry } from './registry.ts';

/** What text is called here when it is handed in. */
const textNames = 'text|line|word|words|message|output|sentence|said|reason|label|title|note|value|key|path|file|pem|json|shown|whole';
const exported = /^export (?:async )?function (\w+)(?:<[^>]*>)?\(([^)]*)\)/gm;
const takesText = new RegExp(`(?:^|[\\s{,])(?:${textNames})\\??: (?:string|Buffer|readonly string\\[\\])`);
/** A pattern at work, or one that waits for it. */
const pattern = /\(\s*\/(?![/*])|= \/(?![/*])|\[\/|new RegExp\(/;

/** Whose text it is instead, by file and function, or by file for its patterns. */
const notForeign: Readonly<Record<string, string>> = {
  'access/channels.ts': 'channel names of config.yaml',
  'checkup/backup-places.ts': 'our own sentences',
  'checkup/check.ts': 'our own sentences',
  'checkup/identity.ts': 'one character class on settings that a look has bounded',
  'checkup/place.ts': 'URLs of config.yaml, and of the member list by the URL parser',
  'commands/break-glass.ts': 'words that splitWords has bounded',
  'commands/decide.ts': 'the id of a gate, which the schema has checked',
  'commands/grammar.ts': 'read through parseWords',
  'commands/help.ts': 'our own words',
  'commands/receipt.ts': 'our own sentences',
  'commands/reply.ts': 'our own sentences',
  'commands/words.ts': 'our own declarations',
  'config/cluster-checks.ts': 'config.yaml',
  'config/environment.ts': 'the environment',
  'config/known-secrets.ts': 'the environment and key files',
  'config/load.ts': 'names of the environment',
  'config/mistakes.ts': 'config.yaml',
  'config/schema.ts': 'config.yaml',
  'config/signing-keys.ts': 'the environment and a key file; an anchored pattern of one length',
  'config/slack-settings.ts': 'the environment',
  'config/yaml-file.ts': 'config.yaml',
  'engine/choice.ts': 'ids of our own options',
  'engine/finding.ts': 'our own sentences',
  'engine/gate-code.ts': 'a length and two look-ups',
  'engine/step.ts': 'our own titles',
  'engine/view.ts': 'a line of progress, handed through',
  'engine/words.ts': 'our own words',
  'etcd/commands.ts': 'commands of ours',
  'etcd/endpoint.ts': 'URLs of config.yaml and the token of a member, as it is',
  'etcd/failure.ts': 'the end of our own sentence',
  'etcd/key-values.ts': 'keys and values as they are, as bytes',
  'etcd/probe.ts': "codes of Node's own errors",
  'etcd/snapshot-file.ts': 'a path on this machine',
  'etcd/tls.ts': 'certificates that config.yaml names',
  'etcd/v2-request.ts': 'two headers, which Node bounds',
  'files/plain-file.ts': 'paths on this machine',
  'files/room.ts': 'a path on this machine',
  'host/conversation.ts': 'a line of at most eight bytes',
  'host/fetch.ts': 'an anchored pattern on a checksum',
  'host/local.ts': 'a path on this machine',
  'host/new-file.ts': 'a path on this machine',
  'host/look.ts': 'read through parseLine, and bounded by its schema',
  'host/operation.ts': 'read through parseLine',
  'host/ports.ts': 'no pattern: a path in a comment',
  'host/remote-host.ts': 'an address of config.yaml, anchored',
  'host/settings.ts': 'anchored and bounded patterns on a line that parseLine has read',
  'host/ssh-options.ts': 'config.yaml',
  'host/ssh.ts': 'arguments of ours',
  'host/v2-host.ts': 'anchored and bounded',
  'ids.ts': 'anchored patterns of bounded length on words that were read',
  'init/config-text.ts': 'anchored patterns on names of a member list',
  'init/draft.ts': 'the host of a URL that the parser has read',
  'init/index.ts': 'words of the terminal, anchored',
  'init/still-needed.ts': 'paths that a person typed on this machine',
  'kit/index.ts': 'words of the terminal',
  'kit/program.ts': 'our own files',
  'kit/public-key.ts': 'a key file of this machine',
  'kit/script.ts': 'our own files',
  'kit/typed.ts': 'our own commands',
  'procedures/get.ts': 'a value of at most 80 characters',
  'procedures/key-limits.ts': 'the beginning of a key is compared',
  'procedures/restoring/data-dir-fact.ts': 'facts of our own making',
  'procedures/restoring/restore-choice.ts': 'the end of our own sentence',
  'procedures/restoring/survey.ts': 'the end of our own sentence',
  'procedures/running/units.ts': 'the end of our own sentence',
  'procedures/space/revision.ts': 'anchored and bounded',
  'procedures/space/space.ts': 'the end of our own sentence',
  'procedures/status.ts': 'an anchored beginning',
  'procedures/undoing/kept.ts': 'the end of our own sentence',
  'procedures/undoing/loss-of-undo.ts': 'the end of our own sentence',
  'procedures/v2/v2-key.ts': 'registered by the function that it calls',
  'procedures/undoing/undone.ts': 'the id of a snapshot, which the schema has checked',
  'queue/connection.ts': 'no pattern: a URL in a comment',
  'queue/keys.ts': 'names of our own',
  'queue/ledger.ts': 'an anchored pattern on a number of ours',
  'queue/redis-facts.ts': 'what Redis says of itself, anchored to the beginning of a line',
  'queue/runs.ts': 'the id of a gate',
  'queue/stored-journal.ts': 'ids of a stream, which Redis makes',
  'queue/unavailable.ts': 'messages of ioredis, anchored',
  'slack/app.ts': 'takes any action',
  'slack/answering.ts': 'words of an answer, anchored and bounded',
  'slack/blocks/actions.ts': 'a value that is bounded before it is read',
  'slack/blocks/people.ts': 'ids of config.yaml; withNames is registered',
  'slack/blocks/by-hand.ts': 'our own commands',
  'slack/errors.ts': 'codes of Slack',
  'slack/listeners/action.ts': 'the id of a gate, which the schema has checked',
  'slack/listeners/typed.ts': 'the id of a gate, which the schema has checked',
  'snapshots/durable.ts': 'text of ours',
  'snapshots/list.ts': 'names in the backup directory, which the file system bounds',
  'snapshots/own-file.ts': 'names in the backup directory, which the file system bounds',
  'snapshots/shared-files.ts': 'a key file beside the backups, bounded; an anchored pattern of one length',
  'snapshots/signing.ts': 'an anchored pattern of one length',
  'snapshots/snapshots.ts': 'no pattern: types',
  'snapshots/sidecar.ts': 'anchored patterns on a file of ours',
  'snapshots/v2-store.ts': 'times of ours',
  'terminal/arguments.ts': 'words as the shell hands them over, compared only',
  'wiring/doctor.ts': 'read through parseWords',
  'wiring/init.ts': 'the subject of a certificate on this machine',
  'wiring/own-state.ts': 'the subject of a certificate on this machine',
  'wiring/surroundings.ts': 'our own lines',
};

/** `file function` of each exported function that takes text, and `file` of each file with patterns of which nothing is registered; both without those that need not be. */
export function missing(): readonly string[] {
  const names = registry.map(({ name }) => name);
  return globSync('src/**/*.ts')
    .toSorted()
    .flatMap((path) => {
      const file = path.slice('src/'.length);
      if (Object.hasOwn(notForeign, file)) return [];
      const source = readFileSync(path, 'utf8');
      const functions = [...source.matchAll(exported)].filter(([, , parameters = '']) => takesText.test(parameters));
      const unknown = functions.map(([, name = '']) => `${file} ${name}`).filter((name) => !names.includes(name));
      return unknown.length > 0 || !pattern.test(source) || names.some((name) => name.startsWith(`${file} `)) ? unknown : [file];
    });
}
