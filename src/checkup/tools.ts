/** Whether a host has the tool that restores, and a version of etcd that is known here. */
import type { RestoreTool } from '../host/host.ts';
import type { HostSight } from '../host/sight.ts';
import { list } from '../engine/words.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';
import { minorOf, notice, refusal } from './versions.ts';

type Seen = Pick<HostSight, 'serverVersion' | 'tools'>;

/**
 * etcdutl wherever it is, of the server's own minor version; else etcdctl of that minor, which restores up to 3.5
 * (https://etcd.io/docs/v3.5/op-guide/recovery/#restoring-a-cluster). Undefined when there is none.
 */
export function fittingTool({ serverVersion, tools }: Seen): RestoreTool | undefined {
  if (serverVersion === undefined) return undefined;
  // etcdutl first.
  const fitting = tools
    .toSorted((a, b) => b.program.localeCompare(a.program))
    .find(({ version, restores }) => restores && minorOf(version) === minorOf(serverVersion));
  return fitting && { program: fitting.program, version: fitting.version, canBumpRevision: fitting.bumps };
}

/** The version, and a tool that fits it. */
export function toolChecks(about: string, seen: Seen): readonly Check[] {
  const { good, wrong } = saying(about);
  const { serverVersion, tools } = seen;
  if (serverVersion === undefined)
    return [
      wrong('tools', 'The etcd that its unit starts does not say its version.', 'Try `etcd --version` on the host.', 'HOST_OUTPUT_UNKNOWN'),
    ];
  const tool = fittingTool(seen);
  if (tool !== undefined) return [good('tools', `etcd ${serverVersion}, restored by ${tool.program} ${tool.version}.`)];
  const has = tools.length === 0 ? 'neither etcdutl nor etcdctl' : list(tools.map(({ program, version }) => `${program} ${version}`));
  return [
    wrong(
      'tools',
      `It runs etcd ${serverVersion} and has ${has}: a snapshot is restored with a tool of the server's own minor version.`,
      `Install etcdutl or etcdctl ${minorOf(serverVersion)} on the host (Debian: the package etcd-client), and run the kit there again.`,
      'HOST_TOOL_MISSING',
    ),
  ];
}

/** Whether this version is known here. */
export function versionCheck(about: string, version: string): Check {
  const { good, wrong, worthALook } = saying(about);
  const refused = refusal(version);
  if (refused !== undefined) return wrong('version', sentence(refused), 'Use a release of etcd-medic that knows it.');
  const remark = notice(version);
  return remark === undefined ? good('version', `etcd ${version} is known here.`) : worthALook('version', sentence(remark));
}

function sentence(text: string): string {
  return text.startsWith('etcd ') ? text : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
