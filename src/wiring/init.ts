/** Carries `etcd-medic init` out: asks the cluster, writes what is not there yet, and says what is left. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { mayChangeNothing } from '../engine/tenure.ts';
import { OpsError } from '../errors.ts';
import { createEtcd } from '../etcd/create-etcd.ts';
import { readSmallFile } from '../files/plain-file.ts';
import { MemberName } from '../ids.ts';
import { firstFiles, readInit } from '../init/index.ts';
import type { FirstFiles, InitOrder, SeenForInit } from '../init/index.ts';
import type { Answer } from '../procedures/answer.ts';
import { systemClock as clock } from './clock.ts';

/** What was said, and whether config.yaml was written. */
export interface Initialised {
  readonly answer: Answer;
  readonly written: boolean;
}

/** @throws OpsError INPUT_INVALID, ETCD_*, STORE_FAILED */
export async function initialise(words: readonly string[]): Promise<Initialised> {
  const order = absolute(readInit(words));
  const seen = await seenOf(order);
  const { lines, file } = order.knownHosts;
  const files = firstFiles(order, seen, [...lines, ...(file === undefined ? [] : [readGiven(file)])].join('\n'), existsSync);
  const written = writeNew(files.configPath, files.config, 0o600);
  const knownWritten = files.knownHosts !== '' && writeNew(files.knownHostsPath, files.knownHosts, 0o644);
  return { answer: answerOf(order, files, { written, knownWritten }), written };
}

function absolute({ tls, out, knownHosts, ...rest }: InitOrder): InitOrder {
  return {
    ...rest,
    out: resolve(out),
    tls: tls && { ca: resolve(tls.ca), cert: resolve(tls.cert), key: resolve(tls.key) },
    knownHosts: { ...knownHosts, file: knownHosts.file === undefined ? undefined : resolve(knownHosts.file) },
  };
}

async function seenOf({ endpoints, tls }: InitOrder): Promise<SeenForInit> {
  const members = endpoints.map((clientUrl, index) => ({ name: MemberName.parse(`endpoint-${index + 1}`), clientUrl }));
  const etcd = createEtcd({ members, tls, record: () => undefined, clock, permit: mayChangeNothing });
  try {
    const [look, authEnabled, rights] = await Promise.all([etcd.look(), etcd.authEnabled(), etcd.mayAdminister()]);
    const silent = look.endpoints.flatMap((endpoint) => (endpoint.answers ? [] : [`${endpoint.endpoint}: ${endpoint.reason}`]));
    if (look.members === undefined)
      throw new OpsError('ETCD_UNREACHABLE', `No endpoint gave its member list${silent.length === 0 ? '' : ` (${silent.join('; ')})`}.`, {
        hint: 'Name a client URL of a member that runs, and files that etcd takes.',
      });
    const told = rights.map(({ may }) => may).filter((may) => may !== undefined);
    return {
      members: look.members,
      authEnabled,
      mayAdminister: told.length === 0 ? undefined : told.every(Boolean),
      commonName: tls === undefined ? undefined : commonNameOf(tls.cert),
    };
  } finally {
    etcd.close();
  }
}

function commonNameOf(file: string): string {
  return /^CN=(.*)$/m.exec(new X509Certificate(readGiven(file)).subject)?.[1] ?? 'none';
}

function readGiven(file: string): string {
  const reading = readSmallFile(file, 'followed');
  if (reading.ok) return reading.content.toString('utf8');
  throw new OpsError('INPUT_INVALID', `${file} ${reading.because}.`);
}

/** Never over anything. @returns whether it was written */
function writeNew(path: string, content: string, mode: number): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    writeFileSync(path, content, { flag: 'wx', mode });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'EEXIST') return false;
    throw new OpsError('STORE_FAILED', `${path} cannot be written (${code}).`, {
      hint: 'Name another directory with --out, or run it as who may write there.',
      cause: error,
    });
  }
}

function answerOf(
  order: InitOrder,
  files: FirstFiles,
  { written, knownWritten }: { readonly written: boolean; readonly knownWritten: boolean },
): Answer {
  const { configPath, knownHosts, knownHostsPath } = files;
  const keys = knownHosts.split('\n').length - 1;
  return {
    headline: written ? `Wrote ${configPath} for ${order.name}.` : `${configPath} is there already and was left as it is.`,
    parts: [
      ...(written
        ? []
        : [
            { type: 'sentence' as const, text: 'This is the cluster; paste it under `clusters:` there:' },
            { type: 'verbatim' as const, text: files.clusterBlock.trimEnd() },
          ]),
      ...(keys === 0
        ? []
        : knownWritten
          ? [{ type: 'sentence' as const, text: `Wrote ${knownHostsPath}: ${keys} of the keys that were vouched for.` }]
          : [
              { type: 'sentence' as const, text: `${knownHostsPath} is there already; what belongs into it:` },
              { type: 'verbatim' as const, text: knownHosts.trimEnd() },
            ]),
      ...files.remarks.map((text) => ({ type: 'sentence' as const, text })),
      ...files.needed.flatMap(({ what, lines }) => [
        { type: 'sentence' as const, text: what },
        { type: 'verbatim' as const, text: lines.join('\n') },
      ]),
    ],
    next: written
      ? `fill in what is in capitals in ${configPath}: channels, operators, approvers.`
      : `paste the cluster, and fill in what is in capitals.`,
  };
}
