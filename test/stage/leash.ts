/** Ends child processes whose owner has died, however it died: a test run that is killed leaves no Redis, no Slack server and no bot behind. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** Reads `+ pid` and `- pid`; the kernel closes its stdin when the owner is gone, also by SIGKILL, and then it kills what is left. */
const holder = `
trap '' INT TERM HUP
held=
while read -r sign pid; do
  others=
  for one in $held; do [ "$one" = "$pid" ] || others="$others $one"; done
  held=$others
  [ "$sign" = + ] && held="$held $pid"
done
[ -z "$held" ] || kill -KILL $held
`;

let held: NodeJS.WritableStream | undefined;

/** Has a child end with this process. It may be stopped in any other way before. */
export function leash(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  held ??= startHolder();
  held.write(`+ ${pid}\n`);
  child.once('exit', () => held?.write(`- ${pid}\n`));
}

/** One for all children of this process, in a group of its own: a signal for the group must not end the one that cleans up. */
function startHolder(): NodeJS.WritableStream {
  const shell = spawn('/bin/sh', ['-c', holder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  // A pipe to a child is a socket and would keep the owner from ending by itself.
  (shell.stdin as unknown as { unref(): void }).unref();
  return shell.stdin;
}
