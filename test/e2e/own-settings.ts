/** Hosts whose etcd has its settings elsewhere than the lab's first layout, described anew as their owner would: by the kit. */
import { Config } from '../../src/config/schema.ts';
import { derivePublicKey } from '../../src/host/public-key.ts';
import { writeKit } from '../../src/kit/index.ts';
import { allowGroups } from '../../src/kit/values.ts';
import type { ConfigurationStyle, Lab } from '../lab/lab.ts';

/** Has etcd on a host take its settings from elsewhere, and tells the host's program. */
export async function settleBy(lab: Lab, member: string, style: ConfigurationStyle): Promise<void> {
  const host = lab.host(member);
  await host.configureBy(style);
  const config = Config.parse(lab.botConfig());
  const { script } = await writeKit([lab.name, `--allow=${allowGroups.join(',')}`], { config, derivePublicKey });
  await host.exec(['sh', '-s'], { input: script });
}
