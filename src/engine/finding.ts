/** What a look at the world says about one condition. */

/** Either the condition holds, with a remark for the thread, or it does not, with the reason. */
export type Finding =
  | { readonly holds: true; readonly note?: string }
  | {
      readonly holds: false;
      readonly because: string;
      /** It will not hold by itself: nobody needs to wait for it. */
      readonly final?: true;
    };

/** The condition holds. @param note a sentence worth showing in the thread */
export function holds(note?: string): Finding {
  return note === undefined ? { holds: true } : { holds: true, note };
}

/** The condition does not hold. @param because one sentence that says why, for a person */
export function fails(because: string): Finding {
  return { holds: false, because };
}

/** The condition does not hold, and will not by waiting for it. */
export function failsForGood(because: string): Finding {
  return { holds: false, because, final: true };
}

/** Makes a finding of a boolean. @param otherwise the reason when it is false */
export function that(condition: boolean, otherwise: string): Finding {
  return condition ? holds() : fails(otherwise);
}

/** All must hold; when some do not, every reason is given, so that a person corrects all of them at once. */
export function allOf(findings: readonly Finding[]): Finding {
  const reasons = findings.flatMap((finding) => (finding.holds ? [] : [finding.because]));
  if (reasons.length > 0) return fails(reasons.join(' '));
  const notes = findings.flatMap((finding) => (finding.holds && finding.note !== undefined ? [finding.note] : []));
  return notes.length > 0 ? holds(notes.join('\n')) : holds();
}
