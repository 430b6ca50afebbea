/** Which folder of src/ may see which: the one table behind the lint rules (oxlint.config.ts) and boundaries.test.ts. */

interface Boundary {
  /** May be imported. The folder itself, errors.ts and ids.ts always may. */
  readonly sees: readonly string[];
  /** May be imported with `import type` only: the values are handed in by main.ts or cli.ts. */
  readonly seesTypesOf: readonly string[];
}

/** Dependencies point one way: main -> slack -> commands, queue -> procedures -> engine -> errors, ids. */
export const boundaries: Readonly<Record<string, Boundary>> = {
  engine: { sees: [], seesTypesOf: [] },
  // Reads and writes files of this machine with care; knows nothing of what is in them.
  files: { sees: ['engine'], seesTypesOf: [] },
  config: { sees: ['files'], seesTypesOf: [] },
  access: { sees: ['engine'], seesTypesOf: ['config'] },
  // Judges what others have seen: no I/O, and none of what it judges as a value.
  checkup: { sees: ['engine'], seesTypesOf: ['config', 'etcd', 'host', 'snapshots'] },
  host: { sees: ['checkup', 'engine', 'files'], seesTypesOf: ['config'] },
  etcd: { sees: ['engine', 'files'], seesTypesOf: ['config'] },
  snapshots: { sees: ['engine', 'files'], seesTypesOf: ['config', 'etcd', 'host'] },
  procedures: { sees: ['checkup', 'engine'], seesTypesOf: ['etcd', 'host', 'snapshots'] },
  commands: { sees: ['engine', 'procedures'], seesTypesOf: ['config'] },
  queue: { sees: ['checkup', 'engine', 'procedures'], seesTypesOf: ['config', 'etcd', 'host', 'snapshots'] },
  terminal: { sees: ['commands', 'engine', 'procedures'], seesTypesOf: ['checkup', 'config'] },
  kit: { sees: ['commands', 'files'], seesTypesOf: ['config'] },
  init: { sees: ['commands', 'engine', 'kit'], seesTypesOf: ['etcd'] },
  slack: { sees: ['access', 'commands', 'engine', 'procedures'], seesTypesOf: ['checkup', 'config', 'queue'] },
  // Parts of main.ts and cli.ts: nobody else sees it.
  wiring: {
    sees: [
      'access',
      'checkup',
      'commands',
      'config',
      'engine',
      'etcd',
      'files',
      'host',
      'init',
      'kit',
      'procedures',
      'queue',
      'slack',
      'snapshots',
      'terminal',
    ],
    seesTypesOf: [],
  },
};

/** Each of these packages is imported by one folder; a name that ends in `/` stands for the whole scope. */
export const packageOwners: Readonly<Record<string, string>> = {
  '@slack/': 'slack',
  bullmq: 'queue',
  ioredis: 'queue',
  etcd3: 'etcd',
  '@grpc/': 'etcd',
  execa: 'host',
  'node:child_process': 'host',
};

/** Where `mintApproval` may be called: the engine's gate, and nobody else. */
export const approvalMinters = ['src/engine/gate*.ts', 'src/engine/gate/**'];
