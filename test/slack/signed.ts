/** Requests to the bot's HTTP port as Slack signs them: https://docs.slack.dev/authentication/verifying-requests-from-slack */
import { createHmac } from 'node:crypto';

/** A request that can be sent more than once. */
export interface SignedRequest {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Signing {
  readonly secret: string;
  /** How long ago it was signed. */
  readonly ageMs?: number;
}

/** A slash command. */
export function signedCommand(fields: Readonly<Record<string, string>>, signing: Signing): SignedRequest {
  return signed(new URLSearchParams({ command: '/etcd', ...fields }).toString(), signing);
}

/** An interaction, such as a click. */
export function signedInteraction(payload: unknown, signing: Signing): SignedRequest {
  return signed(new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), signing);
}

function signed(body: string, { secret, ageMs = 0 }: Signing): SignedRequest {
  const timestamp = String(Math.floor((Date.now() - ageMs) / 1000));
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  const type = 'application/x-www-form-urlencoded';
  return { body, headers: { 'content-type': type, 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${signature}` } };
}

/** Sends it to the bot. Gives the status of the answer. */
export async function send(port: number, { body, headers }: SignedRequest): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/slack/events`, { method: 'POST', headers, body });
  await response.arrayBuffer();
  return response.status;
}
