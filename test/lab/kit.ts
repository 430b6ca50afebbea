/** Prepares a host for the bot by the script that `etcd-medic kit` prints: a test that passes proves that it is enough. */
import { Config } from '../../src/config/schema.ts';
import { derivePublicKey } from '../../src/host/public-key.ts';
import { writeKit } from '../../src/kit/index.ts';
import { allowGroups } from '../../src/kit/values.ts';
import { botConfig } from './config.ts';
import { execIn } from './exec.ts';
import type { HostState, LabState } from './state.ts';

export const sudoersPath = '/etc/sudoers.d/etcd-medic';

/** Runs it as root in a host that is on; again, it puts back what a test took away or changed. */
export async function prepareForBot(lab: LabState, host: HostState): Promise<void> {
  const config = Config.parse(botConfig(lab));
  const { script } = await writeKit([lab.name, `--allow=${allowGroups.join(',')}`], { config, derivePublicKey });
  await execIn(lab, host, ['sh', '-s'], { input: script });
}
