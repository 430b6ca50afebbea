/** Limits as people read them. */

/** `2 s`, `500 ms`: a limit as people read it. */
export function inWords(limitMs: number): string {
  return limitMs % 1_000 === 0 ? `${limitMs / 1_000} s` : `${limitMs} ms`;
}
