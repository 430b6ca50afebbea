/** The certificates that etcd on a host shows, and whether each fits its key and its CA. */
import { X509Certificate } from 'node:crypto';
import { SocketAddress } from 'node:net';
import { accepting, look } from './command.ts';
import type { HostCommand, RunAs } from './command.ts';
import { readConfiguration } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import { unknownOutput } from './failures.ts';
import type { Moment } from './foresight.ts';
import type { CertificateFacts } from './host.ts';
import type { Answer, Shell } from './shell.ts';
import { ownerOf, parseUnit, unitLooks } from './unit.ts';

/** The files of one use, as etcd's settings name them. */
export interface CertificateFiles {
  readonly use: CertificateFacts['use'];
  readonly certificate: string;
  readonly key: string | undefined;
  readonly ca: string | undefined;
}

/** `--cert-file` and `--peer-cert-file` with what belongs to them; in YAML they stand in a map per use (https://etcd.io/docs/v3.5/op-guide/configuration/). */
export function certificateFiles({ settings: { style, values } }: Pick<Configuration, 'settings'>): readonly CertificateFiles[] {
  return (['client', 'peer'] as const).flatMap((use) => {
    const setting =
      style === 'config-file'
        ? ofMap(values.get(`${use}-transport-security`)?.value)
        : (name: string) => values.get(use === 'peer' ? `peer-${name}` : name)?.value;
    const certificate = setting('cert-file');
    // etcd takes an empty value for none.
    if (!certificate) return [];
    return [{ use, certificate, key: setting('key-file') || undefined, ca: setting('trusted-ca-file') || undefined }];
  });
}

/** @param json a map of the YAML file, as `etcdSettings` keeps it */
function ofMap(json: string | undefined): (name: string) => string | undefined {
  const map = new Map(json === undefined || !json.startsWith('{') ? [] : Object.entries(JSON.parse(json) as Record<string, unknown>));
  return (name) => {
    const value = map.get(name);
    return typeof value === 'string' ? value : undefined;
  };
}

/**
 * As etcd's own user: what it cannot read, etcd cannot either. Of the key only the public half is ever printed.
 * A certificate is no secret, but four kilobytes of it are of no use in a journal.
 */
export function certificateCommands({ certificate, key, ca }: Omit<CertificateFiles, 'use'>, as: RunAs) {
  const print = (path: string): HostCommand => ({ argv: ['cat', path], as, changes: false, recorded: 'hidden' });
  return {
    certificate: print(certificate),
    ca: ca === undefined ? undefined : print(ca),
    // 1: it is not there, or no key; so it fits nothing.
    key: key === undefined ? undefined : accepting({ argv: ['openssl', 'pkey', '-in', key, '-pubout'], as, changes: false }, 0, 1),
  };
}

/** A builtin of every shell; 127 when there is no such program (dash), or 1 (bash). */
export const opensslLook = accepting(look('command', '-v', 'openssl'), 0, 1, 127);

/** Two sessions, or three when the unit's files are not foreseen. @throws OpsError HOST_* */
export async function certificates(shell: Shell, unit: string, moment: Moment): Promise<readonly CertificateFacts[]> {
  const { answers } = await moment.about('settings').session([...unitLooks(unit), opensslLook]);
  const [show, files, openssl] = answers as [Answer, Answer, Answer];
  const reading = parseUnit(shell.where, unit, show, files);
  const [configuration, owner] = await Promise.all([
    readConfiguration(moment.about('settings'), unit, reading),
    ownerOf(moment.about('owner'), reading),
  ]);
  return await readCertificates(shell, certificateFiles(configuration), owner, openssl.exitCode === 0);
}

/**
 * One session for all of them.
 * @param hasOpenssl what `opensslLook` found
 * @throws OpsError HOST_*
 */
export async function readCertificates(
  shell: Shell,
  files: readonly CertificateFiles[],
  as: RunAs,
  hasOpenssl: boolean,
): Promise<readonly CertificateFacts[]> {
  if (files.length === 0) return [];
  const asked = files.map((each) => ({ ...each, commands: certificateCommands(each, as) }));
  const wanted = asked.flatMap(({ commands: { certificate, ca, key } }) =>
    [certificate, ca, hasOpenssl ? key : undefined].filter((command) => command !== undefined),
  );
  const { answers } = await shell.session(wanted);
  const answerOf = (command: HostCommand | undefined): Answer | undefined =>
    command === undefined ? undefined : answers[wanted.indexOf(command)];
  return asked.map(({ use, certificate: file, commands }) => {
    const chain = parseAll(shell.where, file, answerOf(commands.certificate)?.stdout ?? '');
    const [leaf, ...between] = chain;
    if (leaf === undefined) throw unknownOutput(shell.where, `cat ${file}`, 'no certificate is in it');
    const ca =
      commands.ca === undefined ? undefined : parseAll(shell.where, commands.ca.argv.at(-1) ?? '', answerOf(commands.ca)?.stdout ?? '');
    const key = answerOf(commands.key);
    return {
      use,
      file,
      subjectAltNames: subjectAltNames(leaf.subjectAltName ?? ''),
      notBefore: leaf.validFromDate,
      notAfter: leaf.validToDate,
      keyMatches: key === undefined ? undefined : key.exitCode === 0 && samePublicKey(leaf, key.stdout),
      signedByCa: ca && isSignedBy(leaf, between, ca),
    };
  });
}

function parseAll(where: string, file: string, pem: string): readonly X509Certificate[] {
  try {
    return (pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []).map((text) => new X509Certificate(text));
  } catch {
    throw unknownOutput(where, `cat ${file}`, 'what is in it is no certificate');
  }
}

function samePublicKey(certificate: X509Certificate, pem: string): boolean {
  return withoutBlanks(String(certificate.publicKey.export({ type: 'spki', format: 'pem' }))) === withoutBlanks(pem);
}

function withoutBlanks(text: string): string {
  return text.replaceAll(/\s/g, '');
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
