/** The directory a key is counted under. Keys are bytes, held as latin1 strings here: one character, one byte. */

/** A key's directory. */
export interface Directory {
  /** For people; a key is UTF-8 by custom. */
  readonly label: string;
  /** The range of keys it is in. */
  readonly from: string;
  readonly to: string | undefined;
  /** Two parts deep: every key in its range is counted under it, so what is left of it can be jumped over. */
  readonly closed: boolean;
}

/** The first key there can be. */
export const firstKey = '\0';

const parts = 2;

/** The directories of the first two parts of a key's path: `/registry/pods` of `/registry/pods/default/web-0`, `/config` of `/config/a`. */
export function directoryOf(key: string): Directory {
  let end = 0;
  let found = 0;
  // A slash at the very beginning ends no part.
  for (let at = key.indexOf('/', 1); at !== -1 && found < parts; at = key.indexOf('/', at + 1)) {
    end = at;
    found += 1;
  }
  if (found === 0 && !key.startsWith('/')) return { label: '(no path)', from: firstKey, to: undefined, closed: false };
  const path = key.slice(0, end);
  // `0` is the byte after the slash.
  return { label: found === 0 ? '/' : Buffer.from(path, 'latin1').toString(), from: `${path}/`, to: `${path}0`, closed: found === parts };
}
