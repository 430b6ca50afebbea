/** Reads a cluster's TLS files and says, file by file, what is wrong with them before anything is connected. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { OpsError } from '../errors.ts';
import { readSmallFile } from '../files/plain-file.ts';

/** Where the PEM files are. */
export interface TlsPaths {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The PEM files themselves. */
export interface TlsMaterial {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A chain longer than this is a mistake or a loop. */
const longestChain = 8;

/**
 * Reads ca, cert and key.
 * @param now what the certificates' dates are compared with
 * @throws OpsError ETCD_TLS_FAILED naming every file that is wrong, and why
 */
export function loadTls(paths: TlsPaths, now: Date): TlsMaterial {
  const problems: string[] = [];
  const material = {
    ca: readPem('ca', paths.ca, problems),
    cert: readPem('cert', paths.cert, problems),
    key: readPem('key', paths.key, problems),
  };
  const authorities = certificates('ca', paths.ca, material.ca, now, problems);
  const [leaf, ...intermediates] = certificates('cert', paths.cert, material.cert, now, problems);
  if (leaf !== undefined && material.key.length > 0) checkKey(leaf, paths, material.key, problems);
  if (leaf !== undefined && authorities.length > 0 && !signedBy(leaf, intermediates, authorities)) {
    problems.push(`cert ${paths.cert} (CN=${commonName(leaf)}) is not signed by the certificate authority in ${paths.ca}.`);
  }
  if (problems.length > 0) {
    throw new OpsError('ETCD_TLS_FAILED', problems.join(' '), {
      hint: 'Correct the named files (tls of the cluster in config.yaml) and start again.',
    });
  }
  return material;
}

function readPem(role: string, path: string, problems: string[]): Buffer {
  const reading = readSmallFile(path, 'followed');
  if (reading.ok) return reading.content;
  problems.push(`${role} ${path} ${reading.because}.`);
  return Buffer.alloc(0);
}

function certificates(role: string, path: string, pem: Buffer, now: Date, problems: string[]): X509Certificate[] {
  if (pem.length === 0) return [];
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) problems.push(`${role} ${path} holds no certificate in PEM form.`);
  try {
    const found = blocks.map((block) => new X509Certificate(block));
    // One expired root beside a valid one is how authorities are rotated; an expired leaf never is.
    const dated = found.map((certificate) => dateProblem(certificate, now));
    const wrong = role === 'ca' && dated.includes(undefined) ? undefined : dated.find((problem) => problem !== undefined);
    if (wrong !== undefined) problems.push(`${role} ${path} ${wrong}.`);
    return found;
  } catch {
    problems.push(`${role} ${path} holds a certificate that cannot be read.`);
    return [];
  }
}

function dateProblem(certificate: X509Certificate, now: Date): string | undefined {
  if (certificate.validToDate < now) return `expired on ${certificate.validToDate.toISOString()}`;
  if (certificate.validFromDate > now) return `is not valid before ${certificate.validFromDate.toISOString()}`;
  return undefined;
}

function checkKey(leaf: X509Certificate, paths: TlsPaths, key: Buffer, problems: string[]): void {
  try {
    if (!leaf.checkPrivateKey(createPrivateKey(key)))
      problems.push(`key ${paths.key} does not belong to the certificate in ${paths.cert}.`);
  } catch {
    problems.push(`key ${paths.key} holds no private key that can be read (a key with a passphrase cannot be used).`);
  }
}

function signedBy(leaf: X509Certificate, intermediates: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  let current: X509Certificate | undefined = leaf;
  for (let depth = 0; current !== undefined && depth < longestChain; depth += 1) {
    const child: X509Certificate = current;
    if (authorities.some((authority) => isIssuer(authority, child))) return true;
    current = intermediates.find((intermediate) => isIssuer(intermediate, child));
  }
  return false;
}

function isIssuer(issuer: X509Certificate, child: X509Certificate): boolean {
  return child.checkIssued(issuer) && child.verify(issuer.publicKey);
}

/** The common name of a certificate's subject: with client-cert-auth, the etcd user it stands for. */
function commonName(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? 'none';
}
