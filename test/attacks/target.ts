/** A lab's host under attack: everything that it says is searched for secrets, and all that must not change is compared before and after. */
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import { createLab } from '../lab/lab.ts';
import type { Answer, EtcdVersion, Lab } from '../lab/lab.ts';
import { leaderPid } from '../lab/power.ts';
import { readState } from '../lab/state.ts';
import type { Ground } from './record.ts';

export const launcher = '/usr/local/sbin/etcd-medic-host';
export const data = '/data/etcd/data';
export const run = 'restore-prod-7f3a9c';

/** Making a lab; the first of a release makes its image. */
const upWithinMs = 300_000;
const answerWithinMs = 30_000;

/** What a channel said. */
export interface Heard {
  /** Lines of JSON behind the first one. */
  readonly answers: readonly Said[];
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when it had to be killed. */
  readonly exitCode: number | undefined;
  readonly ms: number;
}

export interface Said {
  readonly id?: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever it is
  readonly done?: any;
  readonly error?: { readonly code: string; readonly message: string };
  readonly [name: string]: unknown;
}

/** A request, a text as it is, or bytes. */
export type Word = object | string | Buffer;

/** One request. */
export function ask(verb: string, args: object = {}, rest: object = {}): object {
  return { protocol: 1, id: 1, verb, etcd: 'etcd', arguments: args, ...rest };
}

/** Each act comes from a newer worker than those before it, unless it says otherwise. */
let epoch = 1_000;

/** A change. */
export function act(
  name: string,
  args: object = {},
  {
    approved,
    after,
    ...rest
  }: { approved?: readonly (readonly string[])[]; after?: readonly object[]; run?: unknown; epoch?: unknown } = {},
): object {
  epoch += 1;
  return ask('do', { act: { act: name, ...args }, ...(approved && { approved }), ...(after && { after }) }, { run, epoch, ...rest });
}

export interface Target extends Ground {
  readonly lab: Lab;
  /** Says all of it over one channel of the key, ends its input and waits for the end. */
  talk(...words: readonly Word[]): Promise<Heard>;
  /** The same as etcdops on the host, past ssh; `before` are words in front of sudo. */
  talkAsOps(words: readonly Word[], before?: readonly string[]): Promise<Heard>;
  /** With the bot's key, and whatever else ssh is asked for. */
  ssh(options: readonly string[], command?: readonly string[], input?: string): Promise<Heard>;
  asOps(script: string): Promise<Answer>;
  /** As a taken-over etcd. */
  asEtcd(script: string, input?: string): Promise<Answer>;
  asRoot(script: string, input?: string): Promise<Answer>;
  /** Paths that the attack at hand may change, as beginnings. */
  mayChange(...paths: readonly string[]): void;
}

/** Of all that an attacker could want: name, kind, mode, owner and content. */
const digest = `
import hashlib, os, stat, sys
for top in ('/etc', '/root', '/usr/local', '/home', '/var/spool', '/opt', '/boot', '/srv', '/usr/bin/etcd', '/usr/bin/sudo'):
    for base, directories, files in os.walk(top) if os.path.isdir(top) else [(os.path.dirname(top), [], [os.path.basename(top)])]:
        for name in ['.'] + sorted(directories + files):
            path = os.path.join(base, name)
            facts = os.lstat(path)
            what = ''
            if stat.S_ISLNK(facts.st_mode): what = os.readlink(path)
            elif stat.S_ISREG(facts.st_mode): what = hashlib.sha256(open(path, 'rb').read()).hexdigest()
            print('%r %o %d:%d %s' % (path, facts.st_mode, facts.st_uid, facts.st_gid, what))
`;
/** Nothing of these may ever be in an answer. */
const secretFiles = '/etc/shadow /root/secret /etc/etcd/pki/server.key /etc/ssh/ssh_host_ed25519_key /etc/sudoers';

/** Makes the lab before the tests of a `describe` and removes it after them. */
export function useTarget(name: string, etcd: EtcdVersion, { dataDirSizeMiB }: { readonly dataDirSizeMiB?: number } = {}): Target {
  let lab: Lab;
  let on = '';
  let secrets: readonly string[] = [];
  let allowed: readonly string[] = [];
  const said: string[] = [];
  const host = () => lab.host('etcd01');
  const exec = async (argv: readonly string[], input: string | Uint8Array = '') => {
    const answer = await host().exec(argv, { reject: false, timeoutMs: answerWithinMs, input });
    return answer;
  };
  const asRoot = async (script: string, input = '') => await exec(['timeout', '-k', '1', '25', 'bash', '-c', script], input);
  const heard = (stdout: string, stderr: string, exitCode: number | undefined, ms: number): Heard => {
    said.push(stdout, stderr);
    return { answers: stdout.split('\n').slice(1).filter(Boolean).map(parsed), stdout, stderr, exitCode, ms };
  };
  const ssh: Target['ssh'] = async (options, command = [], input = '') => await through(options, command, [input]);
  const sshWords = () => ['-F', 'none', '-i', lab.ssh.identityFile, ...common(lab)];
  const through = async (options: readonly string[], command: readonly string[], words: readonly Word[]) =>
    await converse(['ssh', ...sshWords(), ...options, `etcdops@${host().address}`, ...command], words);
  /** Its input stays open until it has answered: an act is not begun for somebody who has gone. */
  const converse = async ([file = '', ...args]: readonly string[], words: readonly Word[]) => {
    const at = performance.now();
    const process = execa(file, args, { reject: false, stdin: 'pipe', encoding: 'buffer' });
    // A program of root's cannot be killed from here by its user's end alone: nobody waits for it.
    const late = setTimeout(() => {
      process.kill('SIGKILL');
      process.stdout.destroy();
      process.stderr.destroy();
    }, answerWithinMs);
    process.stdin.on('error', () => undefined);
    process.stdin.write(bytesOf(words));
    let awaited = words.filter((word) => typeof word === 'object' && !Buffer.isBuffer(word)).length;
    const count = (chunk: Buffer) => {
      awaited -= chunk.toString('latin1').split(/"(?:done|error)":/).length - 1;
      if (awaited <= 0) process.stdin.end();
    };
    if (awaited === 0) process.stdin.end();
    process.stdout.on('data', count);
    const { stdout, stderr, exitCode } = await process;
    clearTimeout(late);
    return heard(Buffer.from(stdout).toString('utf8'), Buffer.from(stderr).toString('utf8'), exitCode, performance.now() - at);
  };
  const state = async () => {
    const { stdout } = await exec(['python3', '-I', '-c', digest]);
    return stdout.split('\n').filter((line) => !allowed.some((path) => line.startsWith(`'${path}`)));
  };
  beforeAll(async () => {
    lab = await createLab({ name, etcd, members: 1, ...(dataDirSizeMiB !== undefined && { dataDirSizeMiB }) });
    await asRoot(
      'head -c 32 /dev/urandom | base64 > /root/secret; chmod 600 /root/secret; usermod -p "\\$6\\$$(head -c 30 /dev/urandom | base64 | tr +/ ab)" root',
    );
    secrets = (await asRoot(`cat ${secretFiles} | tr ':' '\\n'`)).stdout
      .split('\n')
      .filter((line) => line.length >= 24 && !line.includes('PRIVATE KEY') && !line.startsWith('#'));
    expect(secrets.length).toBeGreaterThan(4);
    on = (
      await asRoot(
        `printf 'Debian %s, sudo %s, OpenSSH %s, etcd %s' "$(cat /etc/debian_version)" "$(dpkg-query -W -f '\${Version}' sudo)" "$(dpkg-query -W -f '\${Version}' openssh-server)" "$(etcd --version | sed -n 's/etcd Version: //p')"`,
      )
    ).stdout;
  }, upWithinMs);
  afterAll(async () => lab?.down());
  return {
    get lab() {
      return lab;
    },
    on: () => on,
    talk: async (...words) => await through([], [], words),
    talkAsOps: async (words, before = []) =>
      await converse([...(await inside(lab, 'etcd01')), ...identity('etcdops'), ...before, 'sudo', '-n', launcher], words),
    ssh,
    asRoot,
    async asOps(script) {
      const answer = await exec([...identity('etcdops'), 'timeout', '-k', '1', '20', 'bash', '-c', script]);
      said.push(answer.stdout, answer.stderr);
      return answer;
    },
    asEtcd: async (script, input = '') => await exec([...identity('etcd'), 'timeout', '-k', '1', '20', 'bash', '-c', script], input),
    mayChange: (...paths) => {
      allowed = paths;
    },
    async watched(task) {
      allowed = [];
      said.length = 0;
      const before = await state();
      const happened = await task();
      const after = await state();
      const changed = (lines: readonly string[], others: readonly string[]) =>
        lines.filter((line) => !others.includes(line) && !allowed.some((path) => line.startsWith(`'${path}`)));
      expect({ gone: changed(before, after), come: changed(after, before) }, 'files that were changed').toEqual({ gone: [], come: [] });
      const all = said.join('\n');
      expect(
        secrets.filter((secret) => all.includes(secret)),
        'secrets that were told',
      ).toEqual([]);
      expect(all, 'a crash').not.toContain('Traceback');
      return happened;
    },
  };
}

/** The words that run a command inside a host, past its sshd, with its input open. */
export async function inside(lab: Lab, name: string): Promise<readonly string[]> {
  const state = await readState(lab.name);
  const host = state?.hosts.find((each) => each.name === name);
  const pid = state && host && (await leaderPid(state, host));
  if (pid === undefined) throw new Error(`${name} is off`);
  const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
  return [
    'nsenter',
    '--target',
    String(pid),
    ...namespaces,
    '--',
    'env',
    '-i',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'LANG=C.UTF-8',
  ];
}

export function identity(user: string): readonly string[] {
  return ['setpriv', '--reuid', user, '--regid', user, '--clear-groups', '--'];
}

function bytesOf(words: readonly Word[]): Buffer {
  return Buffer.concat(
    words.map((word) => (Buffer.isBuffer(word) ? word : Buffer.from(typeof word === 'string' ? word : `${JSON.stringify(word)}\n`))),
  );
}

function parsed(line: string): Said {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return { text: line };
  }
}

function common(lab: Lab): readonly string[] {
  const options = ['BatchMode=yes', 'ConnectTimeout=5', 'StrictHostKeyChecking=yes', 'IdentitiesOnly=yes'];
  return [...options, `UserKnownHostsFile=${lab.ssh.knownHostsFile}`].flatMap((option) => ['-o', option]);
}

/** The codes of errors, or `done`, in order. */
export function codes({ answers }: Heard): readonly string[] {
  return answers.flatMap(({ error, done }) => (error ? [error.code] : done === undefined ? [] : ['done']));
}

/** What was said beside the codes, for a failing test. */
export function words({ answers, stderr }: Heard): string {
  return [...answers.flatMap(({ error }) => (error ? [error.message] : [])), stderr].join(' / ').slice(0, 600);
}
