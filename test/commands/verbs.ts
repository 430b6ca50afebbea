/** Verbs as the grammar sees them: declarations without anything behind them. */
import { z } from 'zod';
import { MemberName, RunId } from '../../src/ids.ts';
import { defineProcedure, defineQuery } from '../../src/procedures/procedure.ts';

const never = () => Promise.reject(new Error('not for the desk'));
const acting = { exclusive: true, prepared: z.unknown(), prepare: never, steps: () => [] } as const;

/** One of each kind. */
export const verbs = [
  defineQuery({ id: 'status', summary: 'how the cluster stands', permission: 'read', arguments: [], input: z.object({}), answer: never }),
  defineProcedure({
    ...acting,
    id: 'restore',
    summary: 'put the cluster back from a snapshot',
    permission: 'operate',
    arguments: [
      { name: 'snapshot', kind: 'option', required: false, placeholder: '<id|latest>', description: 'which' },
      { name: 'while-healthy', kind: 'flag', required: false, description: 'although it has quorum' },
    ],
    input: z.object({
      snapshot: z
        .string()
        .regex(/^(latest|\d+)$/, 'a snapshot is `latest` or an id')
        .optional(),
      'while-healthy': z.boolean().optional(),
    }),
  }),
  defineProcedure({
    ...acting,
    id: 'replace-member',
    summary: 'replace a failed member',
    permission: 'operate',
    arguments: [{ name: 'member', kind: 'positional', required: true, placeholder: '<member>', description: 'the failed member' }],
    input: z.object({ member: MemberName }),
  }),
  defineProcedure({
    ...acting,
    id: 'put',
    exclusive: false,
    summary: 'write a key',
    permission: 'operate',
    arguments: [
      { name: 'key', kind: 'positional', required: true, placeholder: '<key>', description: 'the key' },
      { name: 'value', kind: 'positional', required: true, placeholder: '<value>', description: 'the value' },
    ],
    input: z.object({ key: z.string(), value: z.string() }),
  }),
  defineProcedure({
    ...acting,
    id: 'undo',
    about: 'run',
    summary: 'put back what a run moved aside',
    permission: 'operate',
    arguments: [],
    input: z.object({ run: RunId }),
  }),
  defineProcedure({
    ...acting,
    id: 'backup',
    summary: 'save a snapshot',
    permission: 'operate',
    arguments: [{ name: 'from', kind: 'option', required: false, placeholder: '<member>', description: 'the member' }],
    input: z.object({ from: MemberName.optional() }),
  }),
];

const members = { etcd01: {}, etcd02: {}, etcd03: {} };

/** Three clusters, one with a dash in its name. */
export const clusters = { prod: { members }, staging: { members: { 'stage-1': {} } }, 'prod-eu': { members } };
