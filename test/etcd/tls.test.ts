import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { loadTls } from '../../src/etcd/tls.ts';
import type { TlsPaths } from '../../src/etcd/tls.ts';
import { testPki } from './pki.ts';
import type { KeyPair, TestPki } from './pki.ts';

const dayMs = 24 * 60 * 60 * 1_000;

describe('tls', () => {
  let pki: TestPki;
  let ca: KeyPair;
  let root: KeyPair;
  let other: KeyPair;
  beforeAll(() => {
    pki = testPki();
    ca = pki.authority('ca');
    other = pki.authority('other');
    root = pki.certificate('root', { by: ca, commonName: 'root' });
  });
  afterAll(() => pki[Symbol.dispose]());

  const paths = (change: Partial<TlsPaths> = {}): TlsPaths => ({ ca: ca.cert, ...root, ...change });
  const problemOf = (tls: TlsPaths, now = new Date()) => {
    try {
      loadTls(tls, now);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ETCD_TLS_FAILED' });
      return error instanceof OpsError ? error.message : undefined;
    }
    return undefined;
  };

  it('takes files that belong together', () => {
    expect(loadTls(paths(), new Date()).cert).toEqual(readFileSync(root.cert));
  });

  it('takes a certificate of an intermediate authority that comes with it', () => {
    const between = pki.certificate('between', { by: ca, commonName: 'between' });
    const leaf = pki.certificate('leaf', { by: between, commonName: 'root' });
    const chain = join(pki.directory, 'chain.pem');
    writeFileSync(chain, readFileSync(leaf.cert, 'utf8') + readFileSync(between.cert, 'utf8'));

    expect(problemOf(paths({ cert: chain, key: leaf.key }))).toBeUndefined();
    expect(problemOf(paths(leaf))).toBe(`cert ${leaf.cert} (CN=root) is not signed by the certificate authority in ${ca.cert}.`);
  });

  it('names a file that is missing, and every other that is wrong', () => {
    const problem = problemOf(paths({ ca: '/nowhere/ca.pem', key: root.cert }));

    expect(problem).toBe(
      `ca /nowhere/ca.pem does not exist. key ${root.cert} holds no private key that can be read (a key with a passphrase cannot be used).`,
    );
  });

  it('refuses a key of another certificate', () => {
    expect(problemOf(paths({ key: other.key }))).toBe(`key ${other.key} does not belong to the certificate in ${root.cert}.`);
  });

  it('refuses a certificate of another authority', () => {
    expect(problemOf(paths({ ca: other.cert }))).toBe(
      `cert ${root.cert} (CN=root) is not signed by the certificate authority in ${other.cert}.`,
    );
  });

  it('refuses what has expired or is not valid yet', () => {
    const now = Date.now();

    expect(problemOf(paths(), new Date(now + 40 * dayMs))).toMatch(new RegExp(`ca ${ca.cert} expired on .*cert ${root.cert} expired on `));
    expect(problemOf(paths(), new Date(now - 40 * dayMs))).toMatch(new RegExp(`cert ${root.cert} is not valid before `));
  });

  it('refuses a file without a certificate', () => {
    expect(problemOf(paths({ ca: root.key }))).toBe(`ca ${root.key} holds no certificate in PEM form.`);
  });
});
