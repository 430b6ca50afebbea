/** Every site by its name on the command line. */
import type { EtcdPlace, Site, SiteDifference } from '../site.ts';
import { bastion } from './bastion.ts';
import { debian } from './debian.ts';
import { flags } from './flags.ts';
import { ipv6 } from './ipv6.ts';
import { kubespray } from './kubespray.ts';
import { mount } from './mount.ts';
import { names } from './names.ts';
import { oldSudo } from './old-sudo.ts';
import { otherUnit } from './other-unit.ts';
import { plain, plainEtcd } from './plain.ts';
import { ports } from './ports.ts';
import { rhel, rhelFlags } from './rhel.ts';
import { rootSsh } from './root-ssh.ts';
import { split, splitBad } from './split.ts';
import { two } from './two.ts';
import { walApart } from './wal-apart.ts';
import { yaml } from './yaml.ts';

const differences = {
  debian,
  kubespray,
  yaml,
  flags,
  split,
  'split-bad': splitBad,
  rhel,
  'rhel-flags': rhelFlags,
  'other-unit': otherUnit,
  'wal-apart': walApart,
  mount,
  names,
  ipv6,
  ports,
  two,
  'root-ssh': rootSsh,
  'old-sudo': oldSudo,
  bastion,
} as const satisfies Readonly<Record<string, SiteDifference>>;

export type SiteName = 'plain' | keyof typeof differences;
export const siteNames: readonly SiteName[] = ['plain', ...(Object.keys(differences) as (keyof typeof differences)[])];

/** The whole of a site. */
export function siteNamed(name: SiteName): Site {
  if (name === 'plain') return plain;
  const { etcds = [{}], ...rest }: SiteDifference = differences[name];
  const [first, ...others] = etcds;
  const whole = (place: Partial<EtcdPlace>): EtcdPlace => ({ ...plainEtcd, ...place });
  return { ...plain, ...rest, etcds: [whole(first), ...others.map(whole)] };
}
