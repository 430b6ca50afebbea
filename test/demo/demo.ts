/** `npm run demo`: the whole of it on this machine, with a story, and then yours to play. `--story NAME` plays another one, `--once` ends after it, `--picture FILE` keeps a picture of the thread. */
import { parseArgs } from 'node:util';
import { channels, createStage, people } from '../stage/stage.ts';
import type { Stage } from '../stage/stage.ts';
import { printThread } from './print-thread.ts';
import { stories } from './stories/index.ts';
import type { Story } from './stories/story.ts';
import { takePicture } from './picture.ts';

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    picture: { type: 'string' },
    port: { type: 'string', default: '8080' },
    story: { type: 'string', default: Object.keys(stories)[0] ?? '' },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const names = Object.fromEntries(Object.entries(people).map(([name, id]) => [id, name]));

/** Resolves at the first Ctrl-C or SIGTERM. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

async function play(stage: Stage, story: Story): Promise<boolean> {
  const stop = printThread({ slack: stage.slack, channel: channels.incident, names, print });
  try {
    const atGate = async () => {
      if (values.picture !== undefined) await takePicture(stage.slack.pageUrl, values.picture);
    };
    return await story.play(stage, (text) => print(`\n── ${text} ──`), atGate);
  } finally {
    await stop();
  }
}

async function main(story: Story): Promise<number> {
  print('etcd-medic demo: real hosts, a real Redis, a real Slack server, all on this machine.');
  print(`The story: ${story.about}.`);
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
    const told = await Promise.race([play(stage, story), leave.then(() => undefined)]);
    if (told === undefined) return 130;
    print(told ? '\nIt ended well.' : '\nIt did NOT end well.');
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
  if (chosen === undefined) return `There is no story ${values.story}; there are: ${Object.keys(stories).join(', ')}.`;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'The demo boots real hosts on this machine, which needs Linux and root: `sudo npm run demo`.';
  }
  return process.arch === 'x64' ? undefined : 'The demo needs local-slack, which is there for Linux on x64 only.';
}

const chosen = stories[values.story];
const reason = whyNot();
if (reason !== undefined) process.stderr.write(`${reason}\n`);
process.exitCode = reason === undefined && chosen !== undefined ? await main(chosen) : 1;
