/** Whether a cluster holds keys of API 2, which a v3 snapshot does not contain. */
import type { IncomingMessage } from 'node:http';
import type { Endpoint } from './endpoint.ts';
import type { V2Keys } from './etcd.ts';
import { askHttp } from './http.ts';
import { lookLimitMs } from './look.ts';

/** The listing of the root is read up to here; an empty store answers in under 100 bytes, so more than this is keys. */
const bodyLimitBytes = 64 * 1_024;

/**
 * Asks every member for the root of its v2 store, each from its own store, so it works without a quorum.
 * Keys whose name begins with an underscore are hidden from listings and are not seen.
 * @returns `some` when any member lists a key; `none` when those that serve the API list nothing; `not-served` when those that answer
 * do not serve it (3.4 without `--enable-v2`, 3.5 likewise, 3.6 always); else `unknown`
 * @see https://etcd.io/docs/v2.3/api/#listing-a-directory
 */
export async function v2Keys({ endpoints }: { readonly endpoints: readonly Pick<Endpoint, 'url' | 'tls'>[] }): Promise<V2Keys> {
  const answers = await Promise.all(endpoints.map(askMember));
  for (const decisive of ['some', 'unauthorized', 'none', 'not-served'] as const) {
    if (answers.includes(decisive)) return decisive === 'unauthorized' ? 'unknown' : decisive;
  }
  return 'unknown';
}

async function askMember(endpoint: Pick<Endpoint, 'url' | 'tls'>): Promise<V2Keys | 'unauthorized'> {
  try {
    const response = await askHttp(endpoint, { path: '/v2/keys/?quorum=false', limitMs: lookLimitMs });
    if (response.statusCode === 404) return 'not-served';
    if (response.statusCode === 401 || response.statusCode === 403) return 'unauthorized';
    return response.statusCode === 200 ? await listed(response) : 'unknown';
  } catch {
    // No answer is an answer here: unknown. `look` says why a member does not answer.
    return 'unknown';
  }
}

async function listed(response: IncomingMessage): Promise<V2Keys> {
  let body = '';
  for await (const chunk of response) {
    body += String(chunk);
    if (body.length > bodyLimitBytes) {
      response.destroy();
      return 'some';
    }
  }
  const root: unknown = JSON.parse(body);
  if (typeof root !== 'object' || root === null || !('node' in root) || typeof root.node !== 'object' || root.node === null)
    return 'unknown';
  return 'nodes' in root.node && Array.isArray(root.node.nodes) && root.node.nodes.length > 0 ? 'some' : 'none';
}
