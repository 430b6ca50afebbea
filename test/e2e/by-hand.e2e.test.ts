/** The way back by hand: what a run says at its end is typed, letter by letter, and the cluster is as it was. */
import { describeByHand } from './by-hand-suite.ts';
import type { Row } from './by-hand-suite.ts';

import type { Ground } from './hand-run.ts';

const styles = { etcd02: 'config-file', etcd03: 'flags' } as const;
const healthy = { 'while-healthy': true } as const;

const untouched = /On 3 hosts etcd and its data are as they were/;

const on = async ({ lab }: Ground, hosts: readonly string[], fault: 'lose-data' | 'stop-etcd') => {
  await Promise.all(hosts.map((host) => lab.host(host).fault(fault)));
};
const backup = async (ground: Ground, procedure: string) => {
  await ground.lab.etcdctl(['put', '/name/1', 'in the backup']);
  await ground.carry({ procedure });
};

/** Steps behind which somebody says `abort`. */
const after = (steps: readonly string[], more: Omit<Row, 'when'> = {}): Row[] =>
  steps.map((step) => ({ when: `is aborted after ${step}`, ...more, stop: { after: step } }));

describeByHand({
  procedure: 'restore',
  lab: { name: 'hand-restore', etcd: '3.4', members: 3 },
  styles,
  prepare: (ground) => backup(ground, 'backup'),
  rows: [
    ...after(['choose-snapshot', 'preflight', 'say-what-is-lost', 'hand-out', 'restore-aside'], { input: healthy, says: untouched }),
    { when: 'is rejected at replace-data', input: healthy, stop: { at: 'replace-data' }, says: untouched, quick: true },
    {
      when: 'loses a host in the middle of restoring beside its data',
      input: healthy,
      stop: { cut: { act: 'restore', on: ['etcd02'], operations: 2 } },
      says: untouched,
    },
    ...[2, 3, 4].map((operations): Row => ({
      when: `loses the hosts after ${operations} operations of stopping etcd`,
      input: healthy,
      stop: { cut: { act: 'fence', on: ['etcd01', 'etcd02', 'etcd03'], operations } },
    })),
    ...[0, 1, 2].map((operations): Row => ({
      when: `loses etcd03 after ${operations} of its renames`,
      input: healthy,
      stop: { cut: { act: 'swap', on: ['etcd03'], operations } },
      quick: operations === 1,
    })),
    {
      when: 'loses all hosts between the two renames',
      input: healthy,
      stop: { cut: { act: 'swap', on: ['etcd01', 'etcd02', 'etcd03'], operations: 1 } },
    },
    ...after(['replace-data'], { input: healthy, quick: true }),
    ...[1, 2].map((operations): Row => ({
      when: `loses etcd02 and etcd03 after ${operations} operations of starting etcd`,
      input: healthy,
      stop: { cut: { act: 'unmask-start', on: ['etcd02', 'etcd03'], operations } },
    })),
    ...after(['start', 'canary', 'members-agree', 'configure'], { input: healthy }),
    ...after(['clean-up'], { input: healthy }),
    // etcd01 boots with its own data, and etcd on it.
    {
      when: 'loses the power of etcd01 before the data is replaced',
      input: healthy,
      stop: { off: 'etcd01', as: 'replace-data' },
      page: { host: 'etcd01', block: 'remove what was put there' },
    },
    {
      when: 'loses the power of etcd01 before the start',
      input: healthy,
      stop: { off: 'etcd01', as: 'start' },
      page: { host: 'etcd01', block: 'go back' },
    },
    {
      when: 'is aborted after the start of a cluster of which only the last member had data',
      first: (ground) => on(ground, ['etcd01', 'etcd02'], 'lose-data'),
      stop: { after: 'start' },
      goesOn: { word: /`recover-quorum demo`/, order: { procedure: 'recover-quorum', input: { source: 'survivor' } } },
      quick: true,
    },
    {
      when: 'is aborted between the stop and the renames of a cluster of which only the last member had data',
      first: (ground) => on(ground, ['etcd01', 'etcd02'], 'lose-data'),
      stop: { cut: { act: 'swap', on: ['etcd01', 'etcd02', 'etcd03'], operations: 0 } },
      goesOn: { word: /`recover-quorum demo`/, order: { procedure: 'recover-quorum', input: { source: 'survivor' } } },
    },
    {
      when: 'is aborted after replacing the data of a cluster of which one member had none',
      input: healthy,
      first: (ground) => on(ground, ['etcd02'], 'lose-data'),
      stop: { after: 'replace-data' },
      goesOn: { word: /`replace-member demo etcd02`/, order: { procedure: 'replace-member', input: { member: 'etcd02' } } },
    },
  ],
});

describeByHand({
  procedure: 'recover-quorum',
  lab: { name: 'hand-recover', etcd: '3.4', members: 3 },
  styles,
  prepare: (ground) => backup(ground, 'backup'),
  rows: [
    // The two that are stopped are no matter of the run's: `start` is what brings them back.
    ...after(['look-around'], {
      first: (ground) => on(ground, ['etcd02', 'etcd03'], 'stop-etcd'),
      goesOn: { word: /Nothing was changed/, order: { procedure: 'recover-quorum', way: 'start' } },
    }),
    {
      when: 'is aborted where a way is chosen',
      first: (ground) => on(ground, ['etcd02', 'etcd03'], 'stop-etcd'),
      stop: { at: 'choose-way' },
      goesOn: { word: /Nothing was changed|`recover-quorum/, order: { procedure: 'recover-quorum', way: 'start' } },
    },
    {
      when: 'loses etcd02 in the start of what is whole',
      input: { source: 'start' },
      first: (ground) => on(ground, ['etcd01', 'etcd02', 'etcd03'], 'stop-etcd'),
      stop: { cut: { act: 'unmask-start', on: ['etcd02'], operations: 2 } },
    },
    ...after(['start', 'canary', 'members-agree'], {
      input: { source: 'start' },
      first: (ground) => on(ground, ['etcd01', 'etcd02', 'etcd03'], 'stop-etcd'),
    }),
    ...['survivor', 'snapshot'].flatMap((source): Row[] => [
      ...[0, 1].map((operations): Row => ({
        when: `loses etcd03 after ${operations} of its renames (${source})`,
        input: { source },
        first: (ground) => on(ground, ['etcd02', 'etcd03'], 'stop-etcd'),
        stop: { cut: { act: 'swap', on: ['etcd03'], operations } },
      })),
      ...after(['replace-data', 'start', 'clean-up'], {
        input: { source },
        first: (ground) => on(ground, ['etcd02', 'etcd03'], 'stop-etcd'),
      }).map((row) => ({ ...row, when: `${row.when} (${source})` })),
    ]),
  ],
});

describeByHand({
  procedure: 'replace-member',
  lab: { name: 'hand-replace', etcd: '3.4', members: 3 },
  styles,
  prepare: async () => undefined,
  rows: [
    ...after(['safe-to-replace', 'preflight', 'save-snapshot', 'check-snapshot'], {
      input: { member: 'etcd03', healthy: true },
      says: /is a member of demo as before/,
    }),
    {
      when: 'is rejected at remove-member',
      input: { member: 'etcd03', healthy: true },
      stop: { at: 'remove-member' },
      says: /is a member of demo as before/,
    },
    ...[2, 4].map((operations): Row => ({
      when: `loses etcd03 after ${operations} operations of its stop, before the removal`,
      input: { member: 'etcd03', 'discard-data': true },
      first: (ground) => on(ground, ['etcd03'], 'stop-etcd'),
      stop: { cut: { act: 'fence', on: ['etcd03'], operations } },
    })),
    ...['remove-member', 'put-data-aside', 'add-learner', 'configure', 'start'].map((step): Row => ({
      when: `is aborted after ${step}`,
      input: { member: 'etcd03', healthy: true },
      stop: { after: step },
      neverSays: /etcd03\$/,
      goesOn: {
        word: /`replace-member demo etcd03` goes on from here/,
        order: { procedure: 'replace-member', input: { member: 'etcd03' } },
      },
    })),
    {
      when: 'is rejected at put-data-aside',
      input: { member: 'etcd03', healthy: true },
      stop: { at: 'put-data-aside' },
      neverSays: /etcd03\$/,
      goesOn: {
        word: /`replace-member demo etcd03` goes on from here/,
        order: { procedure: 'replace-member', input: { member: 'etcd03' } },
      },
    },
    ...[0, 1].map((operations): Row => ({
      when: `loses etcd03 after ${operations} operations of putting its data aside`,
      input: { member: 'etcd03', healthy: true },
      stop: { cut: { act: 'put-aside', on: ['etcd03'], operations } },
      neverSays: /etcd03\$/,
      goesOn: {
        word: /`replace-member demo etcd03` goes on from here/,
        order: { procedure: 'replace-member', input: { member: 'etcd03' } },
      },
    })),
    ...after(['promote', 'members-agree'], { input: { member: 'etcd03', healthy: true }, says: /etcd03 is a voter/ }),
  ],
});

describeByHand({
  procedure: 'v2-restore',
  lab: { name: 'hand-v2', etcd: '3.4', members: 3 },
  // A YAML file knows no flag for one start, so the first member has none.
  styles: { etcd02: 'config-file', etcd03: 'flags' },
  prepare: (ground) => backup(ground, 'v2-backup'),
  rows: [
    ...after(['choose-backup', 'preflight', 'say-what-is-lost', 'hand-out', 'unpack', 'check-unpacked'], {
      input: { ...healthy, 'lose-v3': true, first: 'etcd01' },
      says: untouched,
    }),
    {
      when: 'is rejected at replace-data',
      input: { ...healthy, 'lose-v3': true, first: 'etcd01' },
      stop: { at: 'replace-data' },
      says: untouched,
    },
    ...(['swap', 'put-aside'] as const).map((act): Row => ({
      when: `loses a host in the middle of its ${act}`,
      input: { ...healthy, 'lose-v3': true, first: 'etcd01' },
      stop: { cut: { act, on: ['etcd01', 'etcd03'], operations: 1 } },
    })),
    {
      when: 'loses etcd01 between the flag and the start',
      input: { ...healthy, 'lose-v3': true, first: 'etcd01' },
      stop: { cut: { act: 'unmask-start', on: ['etcd01'], operations: 0 } },
    },
    ...after(
      ['replace-data', 'start-alone', 'take-flag-away', 'set-peer-url', 'add-members-back', 'members-agree', 'configure', 'clean-up'],
      { input: { ...healthy, 'lose-v3': true, first: 'etcd01' } },
    ),
    {
      when: 'is aborted after start-alone on a member with an own unit file',
      input: { ...healthy, 'lose-v3': true, first: 'etcd03' },
      stop: { after: 'start-alone' },
    },
  ],
});
