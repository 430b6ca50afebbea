/** Revisions as people type them. They stay text: a request goes through JSON, which knows no bigint. */
import { z } from 'zod';

/** A whole number above 0: a revision, or how many of them. */
const wholeAboveZero = /^[1-9][0-9]{0,18}$/;

/** A revision of the key space. */
export const Revision = z.string().regex(wholeAboveZero, 'a revision is a whole number above 0, e.g. 1234');

/** How many revisions of history stay; at least one, because the very head is never compacted. */
export const Keep = z.string().regex(wholeAboveZero, 'how many revisions stay is a whole number above 0, e.g. 1000');
