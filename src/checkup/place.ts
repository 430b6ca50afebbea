/** Where a member is, as config.yaml says, and how URLs of etcd are read and compared. */
import type { MemberName } from '../ids.ts';

/** A member of config.yaml. */
export interface Place {
  readonly name: MemberName;
  /** Where ssh goes. */
  readonly host: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** The host of a URL, without the brackets of IPv6. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The port of a URL; what its scheme says when it names none. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** Whether one of these is this URL, however it is written. */
export function hasUrl(urls: readonly string[], url: string): boolean {
  return urls.some((one) => URL.canParse(one) && new URL(one).href === new URL(url).href);
}
