/** Looks at a cluster in memory that show something else than what is: a member that is slow for a moment, an election. */
import type { ClusterLook, EndpointLook, EndpointStatus, Etcd } from '../../src/etcd/etcd.ts';
import type { FakeWorld } from './world.ts';

/** Has each look at the world, or at some of its members, go through `change`, with how many there have been, from 1 on. */
export function changeLooks(world: FakeWorld, change: (look: ClusterLook, nth: number) => ClusterLook): void {
  let looks = 0;
  const changeThose = (etcd: Etcd): Etcd => {
    const [look, among] = [etcd.look.bind(etcd), etcd.among.bind(etcd)];
    etcd.look = async () => {
      looks += 1;
      return change(await look(), looks);
    };
    etcd.among = (members) => changeThose(among(members));
    return etcd;
  };
  changeThose(world.etcd);
}

/** The look as it is when these members give no answer in time. */
export function withSlow(look: ClusterLook, ...members: readonly string[]): ClusterLook {
  const seen = changeEndpoints(look, (endpoint) =>
    members.includes(endpoint.member)
      ? { member: endpoint.member, endpoint: endpoint.endpoint, answers: false, code: 'timeout', reason: 'no answer within 2 s' }
      : endpoint,
  );
  const answering = seen.endpoints.filter(({ answers }) => answers).length;
  const quorum = { ...look.quorum, answering, holds: look.quorum.holds && answering >= look.quorum.needed };
  return answering === 0 ? { ...seen, quorum, members: undefined, alarms: undefined, revision: undefined } : { ...seen, quorum };
}

/** The look with other words in the status of the members that answer. */
export function withStatus(look: ClusterLook, change: (status: EndpointStatus, member: string) => Partial<EndpointStatus>): ClusterLook {
  return changeEndpoints(look, (endpoint) =>
    endpoint.answers ? { ...endpoint, status: { ...endpoint.status, ...change(endpoint.status, endpoint.member) } } : endpoint,
  );
}

function changeEndpoints(look: ClusterLook, change: (endpoint: EndpointLook) => EndpointLook): ClusterLook {
  return { ...look, endpoints: look.endpoints.map(change) };
}
