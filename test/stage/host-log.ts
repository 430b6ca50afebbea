/** What the program on each host was really asked to do, from its own log there: so that what a killed worker did and could not record counts too. */
import type { LabHost } from '../lab/lab.ts';

/** An operation that was begun: every one changes something. */
export interface Begun {
  readonly time: Date;
  readonly run: string;
  /** As it is typed, its words joined by blanks. */
  readonly command: string;
}

/** All operations that were begun on a host since its log began; none where nothing was ever asked. */
export async function begunOn({ exec }: Pick<LabHost, 'exec'>): Promise<readonly Begun[]> {
  const { stdout } = await exec(['sh', '-c', 'cat /var/log/etcd-medic-host.log.1 /var/log/etcd-medic-host.log 2>/dev/null || true']);
  return stdout.split('\n').flatMap((line) => {
    if (line === '') return [];
    const { time, run, begins } = JSON.parse(line) as { time: string; run: string | null; begins?: readonly string[] };
    return begins === undefined || run === null ? [] : [{ time: new Date(time), run, command: begins.join(' ') }];
  });
}
