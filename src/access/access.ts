/** Who may ask, decide and approve. Everything that is not allowed by name is refused, and the refusal says what would allow it. */
import type { Cluster } from '../config/schema.ts';
import type { Decision, GateKind } from '../engine/journal.ts';
import type { ClusterName, UserId } from '../ids.ts';
import { isAllowedChannel } from './channels.ts';
import type { ChannelRef } from './channels.ts';
import type { Freshness, Groups } from './groups.ts';
import { isListed } from './people.ts';
import type { Listed } from './people.ts';

/** A person at one of the two fronts. */
export interface Asker {
  readonly user: UserId;
  readonly channel: ChannelRef;
  /** The Slack team of the person; somebody else's in a shared channel. */
  readonly team: string;
  readonly via: 'slack' | 'terminal';
}

/** Allowed, or the sentence that says why not and what would have to change. */
export type Allowed = { readonly allowed: true } | { readonly allowed: false; readonly because: string };

/** Cluster names with who may do what on them. */
type Lists = Readonly<
  Record<
    string,
    Pick<Cluster, 'channels' | 'operators' | 'approvers' | 'readers'> & {
      readonly approvals?: Pick<Cluster['approvals'], 'breakGlass'> | undefined;
    }
  >
>;

/** What the rules look at. */
export interface AccessDeps {
  readonly clusters: Lists;
  readonly groups: Groups;
  /** The team the app is installed in; unknown means that nobody from Slack is let in. */
  readonly homeTeam: () => string | undefined;
}

/** What a person wants to decide at a gate. */
export interface Deciding {
  readonly verdict: Decision['verdict'];
  readonly gate: GateKind;
  readonly requestedBy: UserId;
  /** Where quorum or the last good data is at stake, members of groups are asked for at this very moment. */
  readonly freshness?: Freshness;
}

const yes: Allowed = { allowed: true };
const no = (because: string): Allowed => ({ allowed: false, because });

/** Whether a person belongs here at all: of the app's own team, or at the terminal of the bot's machine. */
export function mayEnter({ homeTeam }: Pick<AccessDeps, 'homeTeam'>, { user, team, via }: Asker): Allowed {
  if (via === 'terminal') return yes;
  const home = homeTeam();
  if (home === undefined)
    return no('It is not known yet which Slack team this bot belongs to, so nobody is let in. Try again in a moment.');
  if (team === '') return no(`Slack did not say which team ${user} belongs to, so ${user} is not let in. Say it with the slash command.`);
  return team === home ? yes : no(`${user} belongs to another Slack team (${team}). Only people of this team may use this bot.`);
}

/** Whether a cluster's commands are taken in the person's channel. The terminal is a place of its own: config.yaml names its users. */
export function mayAskHere(deps: Pick<AccessDeps, 'clusters' | 'homeTeam'>, asker: Asker, cluster: ClusterName): Allowed {
  const entered = mayEnter(deps, asker);
  if (!entered.allowed || asker.via === 'terminal') return entered;
  const allowed = deps.clusters[cluster]?.channels ?? [];
  if (isAllowedChannel(allowed, asker.channel)) return yes;
  const here = asker.channel.name === undefined ? asker.channel.id : `${asker.channel.id} (#${asker.channel.name})`;
  return no(
    `Commands for ${cluster} are not taken in this channel. Allowed: ${allowed.join(', ')}. To allow it here, add ${here} to clusters.${cluster}.channels.`,
  );
}

/** Whether a person may ask for something on a cluster: `read` as `mayRead` says, `operate` the cluster's operators. */
export async function mayAsk(deps: AccessDeps, asker: Asker, cluster: ClusterName, permission: 'read' | 'operate'): Promise<Allowed> {
  const here = mayAskHere(deps, asker, cluster);
  if (!here.allowed) return here;
  if (permission === 'read') return mayRead(deps, asker.user, cluster);
  const operators = deps.clusters[cluster]?.operators ?? [];
  const seen = await isListed(deps.groups, operators, asker.user);
  if (seen.listed) return yes;
  return no(
    `${asker.user} is not an operator of ${cluster}. Operators: ${operators.join(', ')}.${unread(seen)} To allow it, add ${asker.user} to clusters.${cluster}.operators.`,
  );
}

/** Whether a person may look at a cluster: with `readers` its readers, operators and approvers; without, anyone its channels let in. */
async function mayRead({ clusters, groups }: AccessDeps, user: UserId, cluster: ClusterName): Promise<Allowed> {
  const { readers, operators = [], approvers = [] } = clusters[cluster] ?? {};
  if (readers === undefined) return yes;
  const seen = await isListed(groups, [...readers, ...operators, ...approvers], user);
  if (seen.listed) return yes;
  return no(
    `${user} may not look at ${cluster}. Readers: ${readers.join(', ') || 'only its operators and approvers'}.${unread(seen)} To allow it, add ${user} to clusters.${cluster}.readers.`,
  );
}

/** Whether a person may approve on a cluster: one of its approvers, and not who asked for the run. */
export async function mayApprove(
  deps: Pick<AccessDeps, 'clusters' | 'groups'>,
  user: UserId,
  cluster: ClusterName,
  { requestedBy, freshness }: Pick<Deciding, 'requestedBy' | 'freshness'>,
): Promise<Allowed> {
  const approvers = deps.clusters[cluster]?.approvers ?? [];
  const seen = await isListed(deps.groups, approvers, user, freshness);
  const who = approvers.length === 0 ? 'Nobody is listed as approver.' : `Approvers: ${approvers.join(', ')}.`;
  if (user === requestedBy) return no(`${user} asked for this run, so somebody else has to approve it. ${who}`);
  if (!seen.listed)
    return no(
      `${user} may not approve on ${cluster}. ${who}${notIn(seen, approvers, user)}${unread(seen)} To allow it, add ${user} to clusters.${cluster}.approvers.`,
    );
  return yes;
}

/** Whether a person may break the glass on a cluster: named for it in config.yaml, who asked for the run included. */
export async function mayBreakGlass(
  deps: Pick<AccessDeps, 'clusters' | 'groups'>,
  user: UserId,
  cluster: ClusterName,
  freshness?: Freshness,
): Promise<Allowed> {
  const people = deps.clusters[cluster]?.approvals?.breakGlass?.people ?? [];
  const place = `clusters.${cluster}.approvals.breakGlass.people`;
  if (people.length === 0) return no(`Nobody may break the glass on ${cluster}: config.yaml names nobody in ${place}.`);
  const seen = await isListed(deps.groups, people, user, freshness);
  if (seen.listed) return yes;
  return no(
    `${user} may not break the glass on ${cluster}. Who may: ${people.join(', ')}.${notIn(seen, people, user)}${unread(seen)} To allow it, add ${user} to ${place}.`,
  );
}

/**
 * Whether a person may say this at a gate. A yes needs an approver; a no, a retry, an abort or a choice an operator or an approver, who
 * asked for the run included: none of them lets anything be destroyed. To cancel a break-glass anyone may who may read: it only takes a yes away.
 */
export async function mayDecide(deps: AccessDeps, asker: Asker, cluster: ClusterName, deciding: Deciding): Promise<Allowed> {
  const here = mayAskHere(deps, asker, cluster);
  if (!here.allowed) return here;
  if (deciding.verdict === 'approve') return mayApprove(deps, asker.user, cluster, deciding);
  if (deciding.verdict === 'break-glass') return mayBreakGlass(deps, asker.user, cluster, deciding.freshness);
  if (deciding.verdict === 'cancel-break-glass') return mayRead(deps, asker.user, cluster);
  const { operators = [], approvers = [] } = deps.clusters[cluster] ?? {};
  const seen = await isListed(deps.groups, [...operators, ...approvers], asker.user);
  if (seen.listed) return yes;
  return no(
    `${asker.user} is neither an operator nor an approver of ${cluster}. Operators: ${operators.join(', ')}. Approvers: ${approvers.join(', ') || 'nobody'}.${unread(seen)} To allow it, add ${asker.user} to clusters.${cluster}.operators or clusters.${cluster}.approvers.`,
  );
}

/** What a person may do on a cluster from where they stand. */
export interface Rights {
  readonly here: boolean;
  readonly read: boolean;
  readonly operate: boolean;
  /** Runs that somebody else asked for. */
  readonly approve: boolean;
}

/** Looks up all of it at once, for `whoami`. */
export async function rightsOf(deps: AccessDeps, asker: Asker, cluster: ClusterName): Promise<Rights> {
  const here = mayAskHere(deps, asker, cluster).allowed;
  if (!here) return { here, read: false, operate: false, approve: false };
  const [read, operate, approver] = await Promise.all([
    mayAsk(deps, asker, cluster, 'read'),
    mayAsk(deps, asker, cluster, 'operate'),
    isListed(deps.groups, deps.clusters[cluster]?.approvers ?? [], asker.user),
  ]);
  return { here, read: read.allowed, operate: operate.allowed, approve: approver.listed };
}

/** Of the groups that could be read: that this person is in none of them. */
function notIn({ unread: failed }: Listed, list: readonly string[], user: UserId): string {
  const groups = list.filter((id) => id.startsWith('S') && !failed.includes(id));
  return groups.length === 0
    ? ''
    : ` ${user} is not in ${groups.length === 1 ? 'the user group' : 'one of the user groups'} ${groups.join(', ')}.`;
}

function unread({ unread: groups, hint = 'try again in a minute' }: Listed): string {
  return groups.length === 0 ? '' : ` The members of ${groups.join(', ')} could not be read, so nobody of them is let in now; ${hint}.`;
}
