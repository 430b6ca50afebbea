/** The certificates that etcd on a host shows, out of a look: what they cover, and whether each fits its key and its CA. */
import { X509Certificate } from 'node:crypto';
import { SocketAddress } from 'node:net';
import { OpsError } from '../errors.ts';
import { unknownAnswer } from './failures.ts';
import type { CertificateFacts } from './host.ts';
import { certificatesMax } from './limits.ts';
import type { CertificateSeen } from './look.ts';

/** @throws OpsError HOST_OUTPUT_UNKNOWN for what is no certificate, HOST_COMMAND_FAILED when a file could not be read */
export function certificateFacts(where: string, seen: readonly CertificateSeen[]): readonly CertificateFacts[] {
  return seen.map((certificate) => {
    const { use, file, ca_file: caFile, pem, ca_pem: caPem, key_matches: keyMatches, problem } = certificate;
    const [leaf, ...between] = parseAll(where, file, pem, problem);
    if (leaf === undefined) throw unknownAnswer({ where, what: 'look' }, `no certificate is in ${file}`);
    const ca = caFile === undefined ? undefined : parseAll(where, caFile, caPem, problem);
    return {
      use,
      file,
      subjectAltNames: subjectAltNames(leaf.subjectAltName ?? ''),
      notBefore: leaf.validFromDate,
      notAfter: leaf.validToDate,
      keyMatches,
      signedByCa: ca && isSignedBy(leaf, between, ca),
    };
  });
}

function parseAll(where: string, file: string, pem: string | undefined, problem: string | undefined): readonly X509Certificate[] {
  if (pem === undefined) {
    throw new OpsError(
      'HOST_COMMAND_FAILED',
      `${file} on ${where} cannot be read as etcd's user: ${problem || 'the host does not say why'}.`,
      {
        hint: 'etcd would not start with it. Put the file right, then press Retry.',
      },
    );
  }
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (texts.length > certificatesMax)
    throw unknownAnswer({ where, what: 'look' }, `${file} holds more than ${certificatesMax} certificates`);
  try {
    return texts.map((text) => new X509Certificate(text));
  } catch {
    throw unknownAnswer({ where, what: 'look' }, `what is in ${file} is no certificate`);
  }
}

/** Follows the certificates that lie beside it in the file, as a server shows them, up to one that the CA file holds. */
export function isSignedBy(leaf: X509Certificate, between: readonly X509Certificate[], ca: readonly X509Certificate[]): boolean {
  const signed = (by: X509Certificate) => leaf.checkIssued(by) && leaf.verify(by.publicKey);
  if (ca.some(signed)) return true;
  const next = between.find(signed);
  return (
    next !== undefined &&
    isSignedBy(
      next,
      between.filter((each) => each !== next),
      ca,
    )
  );
}

/** @param text as Node prints it: `DNS:etcd01, IP Address:10.0.0.31, IP Address:2001:DB8:0:0:0:0:0:1`; what holds a comma is quoted */
export function subjectAltNames(text: string): readonly string[] {
  return [...text.matchAll(/(DNS|IP Address):("(?:\\.|[^"\\])*"|[^,]*)/g)].map(([, kind, value = '']) => {
    if (value.startsWith('"')) return String(JSON.parse(value));
    return kind === 'IP Address' && value.includes(':') ? new SocketAddress({ address: value, family: 'ipv6' }).address : value;
  });
}
