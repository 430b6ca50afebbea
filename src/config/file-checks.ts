/** Looks at the files that config.yaml names: keys and certificates that cannot be used are found at the start, not at three in the morning. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { readSmallFile, smallFileMaxBytes } from '../files/plain-file.ts';
import type { Reading } from '../files/plain-file.ts';
import type { Found } from './cluster-checks.ts';
import { mistake, type Mistake, type Path } from './mistakes.ts';

/** The files of one cluster that are named in a form that can be looked at. */
export interface NamedFiles {
  readonly tls: { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined };
  readonly ssh: LoginFiles & { readonly proxyJump?: readonly LoginFiles[] };
}

interface LoginFiles {
  readonly identityFile?: string | undefined;
  readonly knownHostsFile?: string | undefined;
}

/** A company's whole list of hosts. */
const knownHostsMaxBytes = 16 * smallFileMaxBytes;
/** Who may write it says who etcd and the hosts are. */
const othersMayWrite = 0o002;

/** Looks at the TLS and ssh files of a cluster. @param path where the cluster stands in config.yaml @param now for the dates of certificates */
export function checkFiles(path: Path, { tls, ssh }: NamedFiles, now: Date): Found {
  const mistakes: Mistake[] = [];
  const warnings: Mistake[] = [];
  const read = (place: Path, file: string | undefined, maxBytes: number): Extract<Reading, { ok: true }> | undefined => {
    if (file === undefined) return undefined;
    const reading = readSmallFile(file, 'followed', maxBytes);
    if (!reading.ok) {
      mistakes.push(mistake(place, `${file} ${reading.because}`));
      return undefined;
    }
    if ((reading.mode & othersMayWrite) !== 0) warnings.push(mistake(place, `${file} can be written by anybody: chmod o-w ${file}`));
    return reading;
  };
  const readPem = (place: Path, file: string | undefined) => read(place, file, smallFileMaxBytes)?.content;
  const readKey = (place: Path, file: string | undefined, reader: string) => {
    const reading = read(place, file, smallFileMaxBytes);
    if (reading !== undefined && (reading.mode & 0o077) !== 0)
      warnings.push(mistake(place, `${file} can be read by others${reader}: chmod 600 ${file}`));
    return reading?.content;
  };

  const readLogin = (place: Path, { knownHostsFile, identityFile }: LoginFiles) => {
    read([...place, 'knownHostsFile'], knownHostsFile, knownHostsMaxBytes);
    readKey([...place, 'identityFile'], identityFile, ', and ssh refuses such a key');
  };
  readLogin([...path, 'ssh'], ssh);
  for (const [index, hop] of (ssh.proxyJump ?? []).entries()) readLogin([...path, 'ssh', 'proxyJump', index], hop);
  const ca = readPem([...path, 'tls', 'ca'], tls.ca);
  const cert = readPem([...path, 'tls', 'cert'], tls.cert);
  const key = readKey([...path, 'tls', 'key'], tls.key, '');

  const authority = parsed(ca, (pem) => new X509Certificate(pem));
  const certificate = parsed(cert, (pem) => new X509Certificate(pem));
  const privateKey = parsed(key, (pem) => createPrivateKey(pem));
  if (authority === 'flawed') mistakes.push(mistake([...path, 'tls', 'ca'], `${tls.ca} holds no certificate in PEM form`));
  if (certificate === 'flawed') mistakes.push(mistake([...path, 'tls', 'cert'], `${tls.cert} holds no certificate in PEM form`));
  if (privateKey === 'flawed')
    mistakes.push(mistake([...path, 'tls', 'key'], `${tls.key} holds no private key in PEM form without a passphrase`));
  if (certificate instanceof X509Certificate) {
    if (privateKey !== undefined && privateKey !== 'flawed' && !certificate.checkPrivateKey(privateKey))
      mistakes.push(mistake([...path, 'tls', 'key'], `${tls.key} is not the key of ${tls.cert}`));
    // A warning: the hosts can still be looked at and the thread says what etcd answers.
    if (certificate.validToDate < now)
      warnings.push(mistake([...path, 'tls', 'cert'], `${tls.cert} has expired on ${certificate.validToDate.toISOString()}`));
  }
  return { mistakes, warnings };
}

/** Whether snapshots can be written into the directory; one that is not there yet is all right when it can be made. */
export function checkDirectory(path: Path, directory: string): Found {
  try {
    if (!statSync(directory).isDirectory()) return { mistakes: [mistake(path, `${directory} is not a directory`)], warnings: [] };
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return { mistakes: [], warnings: [] };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && directory !== dirname(directory)) return checkDirectory(path, dirname(directory));
    return { mistakes: [mistake(path, `${directory} cannot be written to by this user (${codeOf(error)})`)], warnings: [] };
  }
}

function parsed<T>(pem: Buffer | undefined, parse: (pem: Buffer) => T): T | 'flawed' | undefined {
  if (pem === undefined) return undefined;
  try {
    return parse(pem);
  } catch {
    return 'flawed';
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
