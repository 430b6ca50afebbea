/** Takes back an alarm. */
import type { AskDeps } from './ask.ts';
import { askServing } from './ask.ts';
import type { Act, EtcdCommands } from './commands.ts';
import type { Alarm } from './etcd.ts';
import { decimalOf } from './status.ts';

const limitMs = 10_000;

/** etcd's enum `AlarmType` as etcd3 names it. */
const alarmTypes = { NOSPACE: 'Nospace', CORRUPT: 'Corrupt' } as const;

/** What disarming needs. */
export interface AlarmsDeps extends AskDeps {
  readonly commands: EtcdCommands;
  readonly act: Act;
}

/**
 * Takes back one alarm of one member; no harm when it is not raised. A member that is still over its quota raises it again at the next write.
 * @throws OpsError ETCD_*
 * @see https://etcd.io/docs/v3.4/op-guide/maintenance/#space-quota
 */
export async function disarm(deps: AlarmsDeps, alarm: Alarm): Promise<void> {
  const { memberId, type } = alarm;
  await deps.act({
    command: deps.commands.disarm(alarm),
    output: () => `memberID:${decimalOf(memberId)} alarm:${type}`,
    work: async () =>
      await askServing(deps, {
        what: `taking back of the alarm ${type} of ${memberId}`,
        limitMs,
        changes: true,
        whenUnknown: '`status` shows the alarms. Retry is safe.',
        request: (client, options) =>
          client.maintenance.alarm({ action: 'Deactivate', memberID: decimalOf(memberId), alarm: alarmTypes[type] }, options),
      }),
  });
}
