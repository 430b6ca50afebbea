/** What the program on each host was really asked to do, from its own log there: so that what a killed worker did and could not record counts too. */
import type { LabHost } from '../lab/lab.ts';

/** An operation that was begun: every one changes something. */
export interface Begun {
  readonly time: Date;
  readonly run: string;
  /** As it is typed, its words joined by blanks. */
  readonly command: string;
}

interface Line {
  readonly time: string;
  readonly verb?: string;
  readonly etcd?: string;
  readonly run?: string | null;
  readonly begins?: readonly string[];
}

/** All operations that were begun on a host since its log began; none where nothing was ever asked. */
export async function begunOn({ exec }: Pick<LabHost, 'exec'>): Promise<readonly Begun[]> {
  return (await linesOn({ exec })).flatMap(({ time, run, begins }) =>
    begins === undefined || run === undefined || run === null ? [] : [{ time: new Date(time), run, command: begins.join(' ') }],
  );
}

/** How often a host was asked anything since its log began: a request has a line of its own, which names the etcd. */
export async function requestsOn({ exec }: Pick<LabHost, 'exec'>): Promise<number> {
  return (await linesOn({ exec })).filter(({ verb, etcd }) => verb !== undefined && etcd !== undefined).length;
}

async function linesOn({ exec }: Pick<LabHost, 'exec'>): Promise<readonly Line[]> {
  const { stdout } = await exec(['sh', '-c', 'cat /var/log/etcd-medic-host.log.1 /var/log/etcd-medic-host.log 2>/dev/null || true']);
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
}
