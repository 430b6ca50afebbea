/** What a look at a host in memory shows. */
import type { DirFacts } from '../../src/host/host.ts';
import type { HostSight } from '../../src/host/sight.ts';
import { unitOf } from './machine.ts';
import type { On } from './operation.ts';

/** A host on which all is well, but for what a test has put over it. */
export function sightOf({ machine }: Pick<On, 'machine' | 'site'>, dataDir: DirFacts): HostSight {
  const { member, address, peerUrl, toolVersion, canBumpRevision: bumps, style } = machine;
  return {
    programSha256: 'a'.repeat(64),
    unit: unitOf(machine),
    allow: ['look', 'stop-and-start', 'restore', 'replace', 'fetch-database', 'v2'],
    serverVersion: toolVersion,
    tools: [{ program: 'etcdctl', path: '/usr/bin/etcdctl', version: toolVersion, restores: true, bumps }],
    configuration: { style, file: '/etc/default/etcd' },
    settings: new Map([
      ['name', member],
      ['initial-advertise-peer-urls', peerUrl],
      ['advertise-client-urls', `https://${address}:2379`],
    ]),
    settingsProblem: undefined,
    unchangeableBecause: undefined,
    unmovableBecause: undefined,
    dataDir,
    strangers: [],
    dataIds: undefined,
    freeBytes: machine.freeBytes,
    clockOffsetMs: machine.clockOffsetMs,
    certificates: machine.certificates,
    certificatesProblem: undefined,
    ...machine.seen,
  };
}
