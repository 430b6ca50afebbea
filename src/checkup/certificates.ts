/** Whether the certificates on a host fit a member of this name and address: found before anything is removed or replaced. */
import { isIP, isIPv6 } from 'node:net';
import type { CertificateFacts } from '../host/host.ts';
import { durationInWords, instantInWords, list } from '../engine/words.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';
import { hostOf } from './place.ts';
import type { Place } from './place.ts';

/** A certificate that ends sooner than this is worth a word. */
export const expiresSoonMs = 14 * 86_400_000;

type Member = Pick<Place, 'name' | 'clientUrl' | 'peerUrl'>;

/**
 * Address, dates, key and CA of what etcd on the member's host shows to clients and to other members.
 * etcd checks a peer's address against the certificate in both directions: https://etcd.io/docs/v3.5/op-guide/security/#notes-for-tls-authentication
 * @param problem why they could not be read
 */
export function certificateChecks(
  certificates: readonly CertificateFacts[],
  { name, clientUrl, peerUrl }: Member,
  now: Date,
  problem?: string,
): readonly Check[] {
  const { wrong } = saying(name);
  const needs = [
    { use: 'client', url: clientUrl },
    { use: 'peer', url: peerUrl },
  ] as const;
  if (problem !== undefined)
    return [wrong('certificates', problem, 'etcd would not start with it: put the file right on the host.', 'HOST_COMMAND_FAILED')];
  return needs
    .filter(({ url }) => url.startsWith('https:'))
    .flatMap(({ use, url }) => {
      const certificate = certificates.find((each) => each.use === use);
      if (certificate !== undefined) return fits(name, certificate, hostOf(url), now);
      return [
        wrong(
          'certificates',
          `It is at ${url}, but etcd on its host names no certificate for its ${use} side.`,
          `Set ${use === 'client' ? 'cert-file and key-file' : 'peer-cert-file and peer-key-file'} there, or correct the URL in config.yaml.`,
        ),
      ];
    });
}

function fits(name: string, certificate: CertificateFacts, address: string, now: Date): readonly Check[] {
  const { good, wrong, worthALook } = saying(name);
  const { use, file, subjectAltNames, notBefore, notAfter, keyMatches, signedByCa } = certificate;
  const which = `The ${use} certificate (${file})`;
  const leftMs = notAfter.getTime() - now.getTime();
  const flaws: readonly (readonly [boolean, string, string])[] = [
    [
      subjectAltNames.some((pattern) => covers(pattern, address)),
      `does not cover ${address}: it names ${subjectAltNames.length === 0 ? 'no address' : list(subjectAltNames)}.`,
      `Issue one whose subjectAltName has ${address}.`,
    ],
    [notBefore <= now, `is not valid before ${instantInWords(notBefore)}.`, 'Set the clocks right, or issue another one.'],
    [now < notAfter, `has expired on ${instantInWords(notAfter)}.`, 'Renew it.'],
    [keyMatches !== false, 'and the private key beside it do not belong together.', 'Put its own key beside it.'],
    [signedByCa !== false, 'is not signed by the CA that etcd’s settings name.', 'Issue it by that CA, or add its CA to the CA file.'],
  ];
  const wrongs = flaws.filter(([fine]) => !fine).map(([, flaw, cure]) => wrong('certificates', `${which} ${flaw}`, cure));
  if (wrongs.length > 0) return wrongs;
  const left = durationInWords(leftMs);
  return [
    leftMs < expiresSoonMs
      ? worthALook('certificates', `${which} is valid for ${left} more.`, 'Renew it.')
      : good('certificates', `${which} fits, and is valid for ${left} more.`),
    ...(keyMatches === undefined ? [worthALook('certificates', `Whether ${file} and its key belong together could not be told.`)] : []),
  ];
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
