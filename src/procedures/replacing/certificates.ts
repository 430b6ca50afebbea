/** Whether the certificates on a host let a member of this name and address join: found before anything is removed. */
import { isIP, isIPv6 } from 'node:net';
import { allOf, fails, holds, that } from '../../engine/finding.ts';
import type { Finding } from '../../engine/finding.ts';
import type { CertificateFacts } from '../../host/host.ts';
import type { ConfiguredMember } from '../world.ts';
import { durationInWords, instantInWords, list } from '../words.ts';

/** A certificate that ends sooner than this is worth a word. */
const expiresSoonMs = 14 * 86_400_000;

/**
 * Address, dates, key and CA of what etcd on the member's host shows to clients and to other members.
 * etcd checks a peer's address against the certificate in both directions: https://etcd.io/docs/v3.5/op-guide/security/#notes-for-tls-authentication
 */
export function certificatesFit(
  certificates: readonly CertificateFacts[],
  { name, clientUrl, peerUrl }: Pick<ConfiguredMember, 'name' | 'clientUrl' | 'peerUrl'>,
  now: Date,
): Finding {
  const needs = [
    { use: 'client', url: clientUrl },
    { use: 'peer', url: peerUrl },
  ] as const;
  return allOf(
    needs
      .filter(({ url }) => url.startsWith('https:'))
      .map(({ use, url }) => {
        const certificate = certificates.find((each) => each.use === use);
        if (certificate === undefined) return fails(`${name} is at ${url}, but etcd on its host names no certificate for its ${use} side.`);
        return fits(name, certificate, hostOf(url), now);
      }),
  );
}

function fits(name: string, certificate: CertificateFacts, address: string, now: Date): Finding {
  const { use, file, subjectAltNames, notBefore, notAfter, keyMatches, signedByCa } = certificate;
  const which = `The ${use} certificate of ${name} (${file})`;
  const leftMs = notAfter.getTime() - now.getTime();
  const remarks = [
    ...(leftMs < expiresSoonMs ? [`${which} is valid for ${durationInWords(leftMs)} more.`] : []),
    ...(keyMatches === undefined ? [`Whether ${file} and its key belong together could not be told: the host has no openssl.`] : []),
  ];
  const wrong = allOf([
    that(
      subjectAltNames.some((pattern) => covers(pattern, address)),
      `${which} does not cover ${address}: it names ${subjectAltNames.length === 0 ? 'no address' : list(subjectAltNames)}. Issue one whose subjectAltName has ${address}.`,
    ),
    that(notBefore <= now, `${which} is not valid before ${instantInWords(notBefore)}.`),
    that(now < notAfter, `${which} has expired on ${instantInWords(notAfter)}. Renew it.`),
    that(keyMatches !== false, `${which} and the private key beside it do not belong together.`),
    that(signedByCa !== false, `${which} is not signed by the CA that etcd’s settings name.`),
  ]);
  if (!wrong.holds) return wrong;
  return remarks.length === 0 ? holds() : holds(remarks.join(' '));
}

/** Whether a name of a certificate stands for an address: the same address or name, or a wildcard for the first label of a name. */
function covers(pattern: string, address: string): boolean {
  const [name, wanted] = [canonical(pattern), canonical(address)];
  if (name === wanted) return true;
  return isIP(wanted) === 0 && name.startsWith('*.') && wanted.includes('.') && wanted.slice(wanted.indexOf('.')) === name.slice(1);
}

/** IPv6 addresses are written in many ways; URL knows one. */
function canonical(text: string): string {
  return isIPv6(text) ? hostOf(`https://[${text}]`) : text.toLowerCase();
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
