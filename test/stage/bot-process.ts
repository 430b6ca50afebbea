/** A process of the bot as a real installation starts it: `node src/main.ts` with an environment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { leash } from './leash.ts';

const mainPath = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** On a busy machine; a second and a half on an idle one. */
const readyLimitMs = 90_000;
const stopLimitMs = 25_000;

/** A running process. */
export interface BotProcess {
  readonly pid: number;
  /** The port of /healthz and /metrics. */
  readonly healthPort: number;
  /** SIGKILL: nothing is tidied up. */
  kill(): Promise<void>;
  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

/** Thrown when the process ends instead of getting ready. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
  readonly exitCode: number | null;
  constructor(exitCode: number | null, stderr: string) {
    super(`the bot ended with exit code ${exitCode}: ${stderr}`);
    this.exitCode = exitCode;
  }
}

/** Starts one and waits until it says that it is ready, or merely serves /healthz: then nothing else needs to be up. Its log goes to `logFile`. */
export async function startBotProcess({
  environment,
  logFile,
  until = 'ready',
}: {
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly until?: 'ready' | 'health is served';
}): Promise<BotProcess> {
  const child = spawn(process.execPath, ['--disable-warning=DEP0123', '--max-semi-space-size=1', mainPath], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  leash(child);
  const log = createWriteStream(logFile, { flags: 'a' });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    log.write(text);
  });
  const exited = once(child, 'exit');
  const ready = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.write(`${line}\n`);
      const said = jsonOf(line);
      if (said['msg'] === until && typeof said['healthPort'] === 'number') resolve(said['healthPort']);
    });
  });
  const limit = AbortSignal.timeout(readyLimitMs);
  const late = once(limit, 'abort').then(() => undefined);
  const healthPort = await Promise.race([ready, exited.then(() => undefined), late]);
  if (healthPort === undefined) {
    child.kill('SIGKILL');
    throw new NotReady(child.exitCode, stderr);
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill(signal);
    const cut = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await exited;
    clearTimeout(cut);
    return child.exitCode;
  };
  return {
    pid: child.pid ?? 0,
    healthPort,
    kill: async () => {
      await end('SIGKILL');
    },
    signal: (signal) => void child.kill(signal),
    stop: () => end('SIGTERM'),
  };
}

function jsonOf(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
