/** A host that is old. */
import type { SiteDifference } from '../site.ts';

export const oldSudo: SiteDifference = {
  about: "Debian 11: sudo 1.9.5, which knows no regular expressions, and Python 3.9; otherwise the plain lab's layout",
  release: 'bullseye',
};
