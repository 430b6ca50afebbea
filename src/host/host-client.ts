/** Asks one host: over one channel that is opened when it is needed, one request after the other, each change in the run's name and each operation recorded. */
import { createHash } from 'node:crypto';
import type { RecordCommand } from '../engine/command.ts';
import type { Conceal } from '../engine/conceal.ts';
import type { Clock } from '../engine/ports.ts';
import { mayChangeNothing } from '../engine/tenure.ts';
import type { Tenure } from '../engine/tenure.ts';
import { OpsError } from '../errors.ts';
import type { MemberName } from '../ids.ts';
import { openChannel } from './channel.ts';
import type { Channel } from './channel.ts';
import type { Answer, Asking } from './conversation.ts';
import { createRecorder } from './recorder.ts';
import type { Link } from './ssh.ts';
import { argumentsOf } from './request.ts';
import type { HostAnswer, HostRequest } from './request.ts';
import { askTogether } from './together.ts';

export interface HostClientDeps {
  readonly member: MemberName;
  readonly address: string;
  /** Which of the host's etcds is meant. */
  readonly unit: string;
  /** Starts what leads to the host; real ssh is replaced here in tests. */
  readonly open: () => Link;
  /** Where a channel comes from before one is opened, and goes to in the end. */
  readonly idle?: { take(): Channel | undefined; put(channel: Channel): Promise<void> } | undefined;
  readonly record: RecordCommand;
  /** Takes known secrets out of what a host answered. Nothing is known when not given. */
  readonly conceal?: Conceal | undefined;
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number;
  /** In whose name something is changed; undefined where nothing may be. */
  readonly tenure: Tenure | undefined;
}

/** How the connections end. */
export interface Closing {
  /** The same run goes on soon: its channels may be kept for it. */
  readonly keepsChannels?: boolean;
}

/** Every method throws OpsError HOST_*, ARGUMENT_UNSAFE, or what the tenure's permit throws. */
export interface HostClient {
  /** For sentences: `etcd01 (10.0.0.31)`. */
  readonly where: string;
  /** Only `do` changes something. */
  ask(request: HostRequest): Promise<HostAnswer>;
  /** Requests that are under way fail. */
  close(how?: Closing): Promise<void>;
}

/** Connects to nothing yet. */
export function createHostClient(deps: HostClientDeps): HostClient {
  const where = `${deps.member} (${deps.address})`;
  let channel: Channel | undefined;
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const closed = () => new OpsError('HOST_UNREACHABLE', `The connection to ${where} was closed.`);
  const opened = async (): Promise<{ readonly current: Channel; readonly isNew: boolean }> => {
    if (isClosed) throw closed();
    if (channel?.isOpen() !== true) channel = deps.idle?.take();
    if (channel !== undefined) return { current: channel, isNew: false };
    channel = await openChannel(deps.open, where);
    if (!isClosed) return { current: channel, isNew: true };
    await channel.close();
    throw closed();
  };

  const attempt = async (request: HostRequest): Promise<HostAnswer> => {
    const { current, isNew } = await opened();
    if (request.verb === 'do') {
      await (deps.tenure?.permit ?? mayChangeNothing)();
      // It may have waited for long. What has not been sent can go over another channel.
      return await once(deps, (await opened()).current, request);
    }
    try {
      return await once(deps, current, request);
    } catch (error) {
      // A host that was rebooted leaves a dead channel behind. Looking again over a new one does no harm; what changes something is for the
      // caller to decide on, and of a file half of it has been taken already.
      if (isNew || error !== current.brokenBy() || request.take !== undefined) throw error;
      return await once(deps, (await opened()).current, request);
    }
  };

  const inTurn = async (request: HostRequest): Promise<HostAnswer> => {
    waiting += 1;
    const turn = last.then(async () => await attempt(request));
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting -= 1;
    }
  };

  return {
    where,
    ask: askTogether(where, inTurn, deps.monotonicMs),
    async close({ keepsChannels = false } = {}) {
      isClosed = true;
      // Of a request that is cut off nobody knows what would still come.
      if (keepsChannels && channel?.isOpen() === true && waiting === 0 && deps.idle !== undefined) await deps.idle.put(channel);
      else await channel?.close();
      // One that was being opened closes itself.
      await last;
    },
  };
}

async function once(deps: HostClientDeps, channel: Channel, request: HostRequest): Promise<HostAnswer> {
  const { unit, tenure, clock } = deps;
  const { verb, what, limitMs, send, take } = request;
  const recorder = createRecorder(deps);
  const sentAtMs = clock.now().getTime();
  const asking: Asking = {
    what,
    limitMs,
    // A look is one command to whoever reads the journal, whatever the host did for it.
    ...(verb !== 'look' && { began: recorder.began, ended: recorder.ended }),
    ...(send !== undefined && { send }),
    ...(take !== undefined && { take }),
  };
  const inName = verb === 'do' && tenure !== undefined ? { run: tenure.runId, epoch: tenure.epoch } : {};
  const ofRun = verb === 'plan' && request.run !== undefined ? { run: request.run } : {};
  let answer: Answer;
  try {
    answer = await channel.ask({ verb, etcd: unit, ...inName, ...ofRun, arguments: argumentsOf(request) }, asking);
  } finally {
    recorder.cut();
  }
  const answeredAtMs = clock.now().getTime();
  if (verb !== 'do') {
    recorder.request(['etcd-medic-host', verb === 'several' ? what.replaceAll(',', '') : verb], {
      durationMs: answeredAtMs - sentAtMs,
      bytes: answer.line.length,
      sha256: createHash('sha256').update(answer.line).digest('hex'),
    });
  }
  return { done: answer.done, program: channel.hello.program, sentAtMs, answeredAtMs };
}
