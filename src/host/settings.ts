/** How etcd on a host is told to find its cluster: whether it stands so, and what stood there before. */
import { z } from 'zod';
import { fails, holds } from '../engine/finding.ts';
import type { Finding } from '../engine/finding.ts';
import { unknownAnswer } from './failures.ts';
import { cleaned } from '../engine/foreign-text.ts';
import type { ClusterSettings, HostFacts } from './host.ts';
import type { Look } from './look.ts';

/** etcd's names of the settings that are given, with the values they are to have. */
function wantedValues({
  initialClusterState,
  initialClusterToken,
  initialCluster,
}: ClusterSettings): readonly (readonly [string, string])[] {
  return [
    ['initial-cluster-state', initialClusterState],
    ...(initialClusterToken === undefined ? [] : [['initial-cluster-token', initialClusterToken] as const]),
    ...(initialCluster === undefined ? [] : [['initial-cluster', initialCluster] as const]),
  ];
}

/** The style and the file; a unit whose settings stand in no file has none, and no change of them is possible. */
export function configurationFacts({ settings: { style, file } }: Pick<Look, 'settings'>): HostFacts['configuration'] {
  return { style, file: file ?? '' };
}

/** Whether the settings have these values, and systemd knows. */
export function configuredFinding(where: string, { settings, state }: Pick<Look, 'settings' | 'state'>, wanted: ClusterSettings): Finding {
  const wrong = wantedValues(wanted).flatMap(([name, value]) => {
    const found = settings.values.get(name);
    if (found === value) return [];
    return [`${name} is ${found === undefined ? 'not set' : `${cleaned(found, 200)} in ${settings.file ?? 'no file'}`}, not ${value}`];
  });
  if (wrong.length > 0) return fails(`On ${where} ${wrong.join(', and ')}.`);
  return state.needs_reload ? fails(`On ${where} the unit was changed and systemd not yet reloaded.`) : holds();
}

const Before = z.object({
  before: z
    .object({
      initial_cluster_state: z.string().nullish(),
      initial_cluster_token: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,128}$/)
        .nullish(),
      initial_cluster: z
        .string()
        .regex(/^[A-Za-z0-9.:/,=_[\]-]{1,4096}$/)
        .nullish(),
    })
    .nullable(),
});

/**
 * Exactly the settings that `wanted` has, out of the answer to `settings-before`; undefined when the host kept no copy.
 * Where one stood nowhere it gets what etcd takes without it (https://etcd.io/docs/v3.5/op-guide/configuration/#clustering): a line that
 * was added is not taken away again, and an initial cluster without a default that fits is left as it is.
 * @throws OpsError HOST_OUTPUT_UNKNOWN
 */
export function formerSettings(where: string, done: unknown, wanted: ClusterSettings): ClusterSettings | undefined {
  const parsed = Before.safeParse(done);
  if (!parsed.success) throw unknownAnswer({ where, what: 'settings-before' }, parsed.error.issues[0]?.path.join('.') ?? '');
  const { before } = parsed.data;
  if (before === null) return undefined;
  const initialCluster = wanted.initialCluster === undefined ? undefined : (before.initial_cluster ?? undefined);
  return {
    initialClusterState: before.initial_cluster_state === 'existing' ? 'existing' : 'new',
    ...(wanted.initialClusterToken !== undefined && { initialClusterToken: before.initial_cluster_token ?? 'etcd-cluster' }),
    ...(initialCluster !== undefined && { initialCluster }),
  };
}
