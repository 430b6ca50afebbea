/** `npm run demo`: the whole of it on this machine, with a story, and then yours to play. `--once` ends after the story; `--picture FILE` keeps a picture of the thread. */
import { parseArgs } from 'node:util';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { printThread } from './print-thread.ts';
import { playRestore } from './story.ts';
import { takePicture } from './picture.ts';

const { values } = parseArgs({
  options: { once: { type: 'boolean', default: false }, picture: { type: 'string' }, port: { type: 'string', default: '8080' } },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const names = Object.fromEntries(Object.entries(people).map(([name, id]) => [id, name]));

/** Resolves at the first Ctrl-C or SIGTERM. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

async function play(stage: Stage): Promise<boolean> {
  const stop = printThread({ slack: stage.slack, channel: channels.incident, names, print });
  try {
    const atGate = async () => {
      if (values.picture !== undefined) await takePicture(stage.slack.pageUrl, values.picture);
    };
    return await playRestore(stage, (text) => print(`\n── ${text} ──`), atGate);
  } finally {
    await stop();
  }
}

async function main(): Promise<number> {
  print('etcd-medic demo: real hosts, a real Redis, a real Slack server, all on this machine.');
  const stage = await createStage({
    name: 'demo',
    pagePort: values.once ? 0 : Number(values.port),
    say: (text) => print(`  starting ${text} …`),
  });
  const leave = interrupted();
  try {
    print('  starting the bot …');
    await stage.start();
    print(`\nThe Slack page: ${stage.slack.pageUrl}  (channel #inc-demo; alice operates, bob approves)`);
    const told = await Promise.race([play(stage), leave.then(() => undefined)]);
    if (told === undefined) return 130;
    print(told ? '\nThe data came back.' : '\nThe data did NOT come back.');
    if (values.once) return told ? 0 : 1;
    print(`\nNow yours, at ${stage.slack.pageUrl}: choose who you are at the top (“Act as”), and type e.g. \`/etcd help\` in #inc-demo.`);
    print('Break something with, for example:');
    print('  npm run lab -- fault lose-data etcd03 --name demo');
    print('Ctrl-C takes everything down.');
    await leave;
    return 0;
  } finally {
    print('\nTaking everything down …');
    await stage.down();
  }
}

/** Why the demo cannot run here, as a sentence. */
function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'The demo boots real hosts on this machine, which needs Linux and root: `sudo npm run demo`.';
  }
  return process.arch === 'x64' ? undefined : 'The demo needs local-slack, which is there for Linux on x64 only.';
}

const reason = whyNot();
if (reason !== undefined) process.stderr.write(`${reason}\n`);
process.exitCode = reason === undefined ? await main() : 1;
