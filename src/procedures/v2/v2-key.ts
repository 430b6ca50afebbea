/** The form of a key of API 2: a path. */
import type { z } from 'zod';

/**
 * What is wrong with it; undefined when it can be asked for as it is. etcd would quietly clean a path up, and so write another key.
 * @see https://etcd.io/docs/v2.3/api/#key-space-operations
 */
export function v2KeyMistake(key: string): string | undefined {
  if (!key.startsWith('/')) return `a key of API 2 is a path and begins with /, e.g. /name/1; got ${key}`;
  if (key === '/') return 'the root of API 2 is a directory; name a key in it, e.g. /name/1';
  if (key.endsWith('/')) return `a key of API 2 does not end with /: that would be the directory ${key.slice(0, -1)}`;
  const parts = key.slice(1).split('/');
  if (parts.includes('')) return `a key of API 2 has no empty part; got ${key}`;
  return parts.some((part) => part === '.' || part === '..') ? `a key of API 2 has no part . or ..; got ${key}` : undefined;
}

/** For a command's input: checks the key when it is meant for API 2. */
export function checkV2Key({ value: { key, v2 }, issues }: z.core.ParsePayload<{ key: string; v2?: boolean | undefined }>): void {
  const mistake = v2 === true ? v2KeyMistake(key) : undefined;
  if (mistake !== undefined) issues.push({ code: 'custom', message: mistake, path: ['key'], input: key });
}
