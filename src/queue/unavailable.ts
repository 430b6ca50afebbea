/** Turns what Redis and its clients throw into the one error the rest of the product knows. */
import { OpsError } from '../errors.ts';

/** Names and codes of errors that say that Redis did not do what was asked: https://github.com/redis/ioredis, https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors. */
const names = new Set(['ReplyError', 'MaxRetriesPerRequestError', 'AbortError', 'ConnectionClosedError', 'InterruptedError']);
const codes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** ioredis throws these as a plain Error; there is nothing else to know them by. */
const messages = /^(Connection is closed|Command timed out|Stream isn't writeable|Connection is in closing state)/;

/** Whether an error came from Redis or the way to it, rather than from our own code. */
export function isRedisError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return names.has(error.name) || (typeof code === 'string' && codes.has(code)) || messages.test(error.message);
}

/** Makes of any such error a QUEUE_UNAVAILABLE; leaves every other as it is. */
export function translated(error: unknown): unknown {
  if (!isRedisError(error)) return error;
  const because = error instanceof Error ? error.message : String(error);
  return new OpsError('QUEUE_UNAVAILABLE', `Redis did not answer: ${because}`, { cause: error });
}

/** Calls, and throws QUEUE_UNAVAILABLE where Redis did not answer. */
export async function available<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translated(error);
  }
}
