/** Proof that a person said yes to one plan on one state. Whatever destroys demands one, so an ungated destructive call does not compile. */
import type { PlannedCommand } from './command.ts';
import type { UserId } from '../ids.ts';

declare const minted: unique symbol;

/** Can only be made by `mintApproval`, which only the engine's gate calls (a lint rule and test/boundaries.test.ts hold that). */
export interface Approval {
  readonly [minted]: true;
  readonly gateId: string;
  readonly planDigest: string;
  /** What was shown and approved: an adapter carries out nothing that is not in it. */
  readonly plan: readonly PlannedCommand[];
  readonly approvedBy: readonly UserId[];
  /** Set when it rests on one person's word alone. */
  readonly breakGlass?: { readonly by: UserId; readonly reason: string };
}

/** Makes an approval of a gate that was answered. For the engine's gate alone. */
export function mintApproval(approval: Omit<Approval, typeof minted>): Approval {
  return approval as Approval;
}
