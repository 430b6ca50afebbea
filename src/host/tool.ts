/** Which of etcd's tools on a host restores a snapshot, and what it can do. */
import { OpsError } from '../errors.ts';
import { accepting, look } from './command.ts';
import type { HostCommand } from './command.ts';
import { unknownOutput } from './failures.ts';
import type { RestoreTool } from './host.ts';
import type { Answer, Shell } from './shell.ts';

const programs = ['etcdutl', 'etcdctl'] as const;

/** Asks each tool for its version and its help; 127: there is no such program. */
export const toolLooks: readonly HostCommand[] = programs.flatMap((program) => [
  accepting(look(program, 'version'), 0, 1, 2, 127),
  // etcdctl 3.6 no longer has it and says 1.
  accepting(look(program, 'snapshot', 'restore', '--help'), 0, 1, 2, 127),
]);

/** The server's version out of `etcd --version`. */
export function parseServerVersion(stdout: string): string | undefined {
  return /^etcd Version:\s*([0-9]+\.[0-9]+\.[0-9]+\S*)/m.exec(stdout)?.[1];
}

/**
 * etcdutl wherever it is, of the server's own minor version; else etcdctl of that minor, which restores up to 3.5
 * (https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster).
 * @param answers of `toolLooks`, in their order
 * @throws OpsError HOST_TOOL_MISSING
 */
export function chooseTool(where: string, answers: readonly Answer[], serverVersion: string): RestoreTool {
  const found = programs.flatMap((program, index) => {
    const [version, help] = [answers[2 * index], answers[2 * index + 1]];
    const number = new RegExp(`^${program} version:\\s*([0-9]+\\.[0-9]+\\.[0-9]+\\S*)`, 'm').exec(version?.stdout ?? '')?.[1];
    if (number === undefined) return [];
    const text = `${help?.stdout ?? ''}${help?.stderr ?? ''}`;
    return [
      {
        program,
        version: number,
        canBumpRevision: text.includes('--bump-revision') && text.includes('--mark-compacted'),
        restores: text.includes('--data-dir'),
      },
    ];
  });
  const fitting = found.find(({ version, restores }) => restores && minorOf(version) === minorOf(serverVersion));
  if (fitting !== undefined) return { program: fitting.program, version: fitting.version, canBumpRevision: fitting.canBumpRevision };
  const has =
    found.length === 0 ? 'neither etcdutl nor etcdctl' : found.map(({ program, version }) => `${program} ${version}`).join(' and ');
  throw new OpsError(
    'HOST_TOOL_MISSING',
    `${where} runs etcd ${serverVersion} and has ${has}: a snapshot is restored with a tool of the server's own minor version.`,
    {
      hint: `Install etcdutl or etcdctl ${minorOf(serverVersion)} on the host (Debian: the package etcd-client).`,
    },
  );
}

/** The version of the very program that the unit starts. @throws OpsError HOST_* */
export async function readServerVersion(shell: Shell, program: string): Promise<string> {
  const name = program === '' ? 'etcd' : program;
  const { stdout } = await shell.run(look(name, '--version'));
  const version = parseServerVersion(stdout);
  if (version === undefined) throw unknownOutput(shell.where, `${name} --version`, stdout);
  return version;
}

/** The tool that fits the program that the unit starts. @param answers of `toolLooks` @throws OpsError HOST_* */
export async function readTool(shell: Shell, program: string, answers: readonly Answer[]): Promise<RestoreTool> {
  return chooseTool(shell.where, answers, await readServerVersion(shell, program));
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
