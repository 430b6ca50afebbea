/** Hosts in memory on which one act goes otherwise: it fails, or more happens than it does. */
import type { ChangeAct, DestroyAct, Host } from '../../src/host/host.ts';
import type { FakeWorld } from './world.ts';

type Act = ChangeAct | DestroyAct;

/**
 * Has an act of this host go otherwise.
 * @param instead gets the act, and what it does by itself
 * @returns puts it right again
 */
export function otherwise<Name extends Act['act']>(
  host: Host | undefined,
  name: Name,
  instead: (whole: () => Promise<void>, act: Extract<Act, { act: Name }>) => Promise<void>,
): () => void {
  if (host === undefined) throw new Error('no host');
  const [doing, destroying] = [host.do.bind(host), host.destroy.bind(host)];
  const isMeant = (act: Act): act is Extract<Act, { act: Name }> => act.act === name;
  host.do = async (act) => {
    if (!isMeant(act)) return doing(act);
    await instead(async () => {
      await doing(act);
    }, act);
    return {};
  };
  host.destroy = (act, approval) => (isMeant(act) ? instead(() => destroying(act, approval), act) : destroying(act, approval));
  return () => {
    host.do = doing;
    host.destroy = destroying;
  };
}

/** The orders that the hosts are given to restore by, from now on. */
export function ordersOf(world: Pick<FakeWorld, 'hosts'>): Extract<Act, { act: 'restore' }>['order'][] {
  const orders: Extract<Act, { act: 'restore' }>['order'][] = [];
  for (const host of world.hosts) {
    otherwise(host, 'restore', async (whole, { order }) => {
      orders.push(order);
      await whole();
    });
  }
  return orders;
}
