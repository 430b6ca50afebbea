/** Turns what a member answered to a request of API 2, or what broke on the way, into an OpsError. */
import { z } from 'zod';
import { cleaned } from '../engine/foreign-text.ts';
import { OpsError, isOpsError } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { unanswered } from './failure.ts';
import { probe } from './probe.ts';
import type { V2Answer } from './v2-request.ts';
import { inWords } from './in-words.ts';

const probeLimitMs = 1_000;

/** etcd's error codes of API 2: https://github.com/etcd-io/etcd/blob/release-3.4/etcdserver/api/v2error/error.go */
export const v2ErrorCodes = { keyNotFound: 100, notAFile: 102, notADirectory: 104, rootReadOnly: 107, unauthorized: 110 } as const;

/** Shown, and never acted on: whatever is in it becomes harmless. */
const Said = z.string().transform((text) => cleaned(text));
const V2Error = z.object({ errorCode: z.number(), message: Said, cause: Said.default('') });

/** etcd's own error in an answer; undefined when it is none. */
export function v2ErrorOf({ body }: Pick<V2Answer, 'body'>): z.infer<typeof V2Error> | undefined {
  const parsed = V2Error.safeParse(body);
  return parsed.success ? parsed.data : undefined;
}

/** What a version can and cannot do with API 2. @param version of the server, e.g. `3.5.16`; undefined when it is not known */
export function v2Sentence(version: string | undefined): string {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version === undefined) return 'Up to 3.5 etcd serves API 2 when it is started with --enable-v2; from 3.6 on there is none.';
  if (major > 3 || (major === 3 && minor >= 6))
    return `etcd ${version} has no API 2: it was taken out in 3.6, with its backup and its way to restore. What was written with it has to be read with 3.5 or older.`;
  if (minor === 5)
    return `etcd ${version} serves API 2 only when it is started with --enable-v2 (off by default, and gone in 3.6); its backup is then made with \`etcdutl backup\`.`;
  return `etcd ${version} serves API 2 only when it is started with --enable-v2 (ETCD_ENABLE_V2=true).`;
}

/** The error of a member that serves no API 2: it knows no `/v2`, and says so without JSON. */
export function notServed({ member, url }: Pick<Endpoint, 'member' | 'url'>, version: string | undefined): OpsError {
  return new OpsError('ETCD_API_NOT_SERVED', `${member} (${url}) serves no API 2. ${v2Sentence(version)}`);
}

/** The error of an answer that is no success. @param what was asked: `put of /name/1` … */
export function refusedV2(what: string, { member, url }: Pick<Endpoint, 'member' | 'url'>, answer: V2Answer): OpsError {
  const said = v2ErrorOf(answer);
  const details = { status: answer.status, ...said };
  if (answer.status === 401 || said?.errorCode === v2ErrorCodes.unauthorized) {
    return new OpsError(
      'ETCD_AUTH_FAILED',
      `${member} (${url}) refused the ${what}: API 2 has users and roles of its own, separate from those of API 3, and the client certificate's CN has not the right to do this there.`,
      { details, hint: 'Give that user the right with `ETCDCTL_API=2 etcdctl role grant`, or use a certificate whose CN is root.' },
    );
  }
  const words = said === undefined ? `HTTP status ${answer.status}` : `${said.message}${said.cause === '' ? '' : ` (${said.cause})`}`;
  if (said?.errorCode === v2ErrorCodes.notAFile || said?.errorCode === v2ErrorCodes.notADirectory)
    return new OpsError('INPUT_INVALID', `${member} refused the ${what}: ${words}. In API 2 a key is a file or a directory, never both.`, {
      details,
    });
  return new OpsError('ETCD_REQUEST_FAILED', `${member} (${url}) refused the ${what}: ${words}.`, { details });
}

/** Translates what the connection threw: looks once more, without the request, at what is wrong. */
export async function brokenV2(what: string, error: unknown, endpoint: Endpoint, limitMs: number): Promise<OpsError> {
  if (isOpsError(error)) return error;
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
    return unanswered(what, endpoint, { code: 'timeout', reason: `no answer within ${inWords(limitMs)}` }, error);
  const found = await probe(endpoint.url, endpoint.tls, probeLimitMs);
  return unanswered(what, endpoint, found ?? { code: 'other', reason: `the connection broke (${textOf(error)})` }, error);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
