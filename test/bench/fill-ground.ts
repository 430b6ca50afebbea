/** Puts data of a size into a new cluster, and makes the cluster as one that has had it for long: no log of the filling. */
import { fill } from './fill.ts';
import type { Filling } from './fill.ts';
import { rebuild } from './ground.ts';
import type { Ground } from './ground.ts';
import { settleDisk } from './machine.ts';
import { forget } from './operator.ts';

/** Takes some seconds for each hundred megabytes. */
export async function fillGround(ground: Ground, megabytes: number, filling: Filling): Promise<void> {
  const snapshot = ground.file('filled.db');
  await fill(ground.stage.lab, megabytes, filling);
  await ground.operator.run('backup', { SNAPSHOT: snapshot });
  await rebuild(ground, snapshot);
  await forget(snapshot);
  await settleDisk();
}
