/** Whether commands for a cluster are taken in a channel. */

/** A Slack channel: by its id, and by its name when it is known. */
export interface ChannelRef {
  readonly id: string;
  /** Without `#`. Absent when it could not be looked up: then only the id can match. */
  readonly name?: string;
}

/** Whether a channel is one of the allowed: an id, a `#name`, or a `#prefix-*`. */
export function isAllowedChannel(allowed: readonly string[], { id, name }: ChannelRef): boolean {
  return allowed.some((entry) => {
    if (!entry.startsWith('#')) return entry === id;
    if (name === undefined) return false;
    const wanted = entry.slice(1);
    return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
  });
}
