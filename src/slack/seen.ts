/** Remembers which events were taken, because Slack delivers an event again when an acknowledgement is late. */
import type { Clock } from '../engine/ports.ts';
import { limits } from './limits.ts';

const seenMax = 10_000;

/** Says whether an event is new; it is remembered for as long as Slack repeats it. */
export function createSeen({ clock }: { readonly clock: Pick<Clock, 'now'> }): (eventId: string | undefined) => boolean {
  const seen = new Map<string, number>();
  return (eventId) => {
    if (eventId === undefined) return true;
    const now = clock.now().getTime();
    for (const [id, at] of seen) {
      if (now - at < limits.redeliveryMs && seen.size <= seenMax) break;
      seen.delete(id);
    }
    if (seen.has(eventId)) return false;
    seen.set(eventId, now);
    return true;
  };
}
