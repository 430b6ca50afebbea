/** A host whose program is a script (fake-program.ts), reached as a real one but for ssh. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import type { ExecutedCommand } from '../../src/engine/command.ts';
import type { Tenure } from '../../src/engine/tenure.ts';
import { createHosts } from '../../src/host/create-hosts.ts';
import type { Hosts, HostsDeps } from '../../src/host/create-hosts.ts';
import type { Host } from '../../src/host/host.ts';
import { openProcess } from '../../src/host/ssh.ts';
import type { Link } from '../../src/host/ssh.ts';
import { MemberName, RunId } from '../../src/ids.ts';
import type { Move, Script } from './fake-program.ts';

export const run = RunId.parse('restore-prod-7f3a9c');
export const tenure: Tenure = { runId: run, epoch: 7, permit: async () => undefined };
export const where = 'etcd01 (192.0.2.1)';

const program = fileURLToPath(new URL('fake-program.ts', import.meta.url));

export const hello: Move = `${JSON.stringify({ hello: 'etcd-medic-host', protocol: 1, program: '0'.repeat(64), host: 'etcd01' })}\n`;

const entry = { type: 'directory', user: 'etcd', group: 'etcd', mode: '700', identity: '2049:77', empty: false, bytes: 4_096 };
const target = '/data/etcd/data';
const paths = {
  snapshot: `${target}.${run}.snapshot`,
  restored: `${target}.${run}.new`,
  aside: `${target}.${run}.old`,
  undone: `${target}.${run}.undone`,
};

/** What a host says of itself whose etcd runs; with what is to be otherwise. */
export function look(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    time: Date.now() / 1_000,
    etcd: 'etcd',
    runtime: 'systemd',
    unit: 'etcd.service',
    allow: ['look', 'stop-and-start', 'restore', 'replace', 'fetch-database', 'v2'],
    user: 'etcd',
    group: 'etcd',
    data_dir: target,
    wal_dir: null,
    others: [],
    state: {
      active: 'active',
      sub: 'running',
      masked: false,
      masked_on_disk: false,
      needs_reload: false,
      main_pid: 213,
      restarts: 0,
      enabled: 'enabled',
      own_unit_file: false,
      set_aside: false,
    },
    processes: [213],
    other_processes: [],
    tools_running: [],
    settings: {
      style: 'environment-file',
      file: '/etc/default/etcd',
      changeable: true,
      because: null,
      values: { name: 'etcd01', 'initial-cluster-state': 'new', 'initial-cluster-token': 'etcd-cluster' },
      enable_v2: false,
    },
    place: {
      target,
      is_mount: false,
      problem: null,
      data: entry,
      runs: { [run]: { snapshot: null, restored: null, aside: null, undone: null, paths } },
      beside: [],
    },
    data_ids: null,
    free_bytes: 10_000_000_000,
    disk_bytes: 20_000_000_000,
    server_version: '3.5.16',
    tools: [{ program: 'etcdutl', path: '/usr/bin/etcdutl', version: '3.5.16', restores: true, bumps: true }],
    zstd: true,
    certificates: [],
    force: { in_unit: false, in_settings: false, in_process: null },
    ...changes,
  };
}

/** The parts of a look that tests change. */
export const parts = { entry, paths, target };

/** An operation as the program reports it. */
export function operation(...argv: readonly string[]) {
  return { argv, as: 'root', user: 'etcd', group: 'etcd', changes: true };
}

/** An operation that went well. */
export function ended(argv: readonly string[], output = '') {
  return { ...operation(...argv), exit: 0, ms: 12, output, bytes: Buffer.byteLength(output), sha256: 'e'.repeat(64) };
}

export interface ScriptedHost {
  readonly host: Host;
  readonly recorded: readonly ExecutedCommand[];
  /** Requests that the program has read, over all channels. */
  requests(): readonly Readonly<Record<string, unknown>>[];
  /** Files that were handed over. */
  received(): readonly { readonly bytes: number; readonly sha256: string; readonly wireBytes: number; readonly largest: number }[];
  /** How many channels there were. */
  channels(): number;
  readonly dir: string;
  close: Hosts['close'];
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A directory that is removed after the test. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'etcd-medic-host-'));
  cleanups.push(async () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A link to a program that follows these scripts: the first channel the first, and so on; the last goes on for ever. */
export function scripted(scripts: readonly Script[]): { readonly dir: string; readonly open: () => Link } {
  const dir = scratch();
  let opened = 0;
  const open = () => {
    writeFileSync(join(dir, 'script.json'), JSON.stringify(scripts[Math.min(opened, scripts.length - 1)]));
    opened += 1;
    return openProcess(process.execPath, ['--disable-warning=ExperimentalWarning', program, dir]);
  };
  return { dir, open };
}

/** One script for all channels, or one for each. */
export function scriptedHost(scripts: Partial<Script> | readonly Partial<Script>[], overrides: Partial<HostsDeps> = {}): ScriptedHost {
  const list = [scripts].flat().map((script) => ({ hello: [hello], answers: {}, ...script }));
  const { dir, open } = scripted(list);
  const recorded: ExecutedCommand[] = [];
  const { hosts, close } = createHosts({
    members: [
      {
        name: MemberName.parse('etcd01'),
        host: '192.0.2.1',
        clientUrl: 'https://127.0.0.1:1',
        peerUrl: 'https://127.0.0.1:1',
      },
    ],
    ssh: { user: 'etcdops', identityFile: '/nowhere', knownHostsFile: '/nowhere' },
    etcd: { unit: 'etcd' },
    runId: run,
    record: (command) => recorded.push(command),
    clock: { now: () => new Date() },
    tenure,
    open,
    ...overrides,
  });
  cleanups.unshift(close);
  const lines = (file: string) => (existsSync(join(dir, file)) ? readFileSync(join(dir, file), 'utf8').split('\n').filter(Boolean) : []);
  return {
    host: hosts[0] as Host,
    recorded,
    requests: () => lines('requests.jsonl').map((line) => JSON.parse(line) as Record<string, unknown>),
    received: () => lines('received.jsonl').map((line) => JSON.parse(line) as ReturnType<ScriptedHost['received']>[number]),
    channels: () => lines('pids').length,
    dir,
    close,
  };
}
