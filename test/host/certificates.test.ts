/** Certificates as etcd shows them: which files, what they cover, whose key and whose signature. */
import { describe, expect, it } from 'vitest';
import { certificateFiles, readCertificates, subjectAltNames } from '../../src/host/certificates.ts';
import { etcdSettings } from '../../src/host/etcd-settings.ts';
import { directives } from '../../src/host/unit-text.ts';
import { fakeShell } from './fake-shell.ts';

const pem = (base64: string) => `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
/** Made once with openssl; they run out in 2126. `other` has the name of `ca`, another key and no identifier of it; `leaf` is signed by `mid`, which is signed by `ca`. */
const ca = pem(
  'MIIBMDCB46ADAgECAhRc+Y+hZFKyjqfUWc5TOGKGtw7LdzAFBgMrZXAwDTELMAkGA1UEAwwCY2EwIBcNMjYxMTIyMTEwNTAyWhgPMjEyNjEwMjkxMTA1MDJaMA0xCzAJBgNVBAMMAmNhMCowBQYDK2VwAyEASq4GRympTKRaOl+qEXGdwt7mQyaLWQX0fywebYwaT7KjUzBRMB0GA1UdDgQWBBT5DKMGjFKIySU/BsUSolkus2qb4TAfBgNVHSMEGDAWgBT5DKMGjFKIySU/BsUSolkus2qb4TAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBABrPAcfmVWaDN9LeFCPsR6S35x8YgYAh3pq3PKpLFq4Xk816janiCP+BwMI2N1Am7mW9lAAweiuJwZffYPKoNwk=',
);
const other = pem(
  'MIHwMIGjoAMCAQICFCq9wP5C1WRV12JEmKglompPOXPtMAUGAytlcDANMQswCQYDVQQDDAJjYTAgFw0yNjExMjIxMTE5NDZaGA8yMTI2MTAyOTExMTk0NlowDTELMAkGA1UEAwwCY2EwKjAFBgMrZXADIQB3WXViD/AFEp3ZAzbsnwUOxm/AC794NtV7IFuFbFmgg6MTMBEwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQDAHf/+GC1ZmA4MUrDczRsEFi3c2aK20YjbPTtwDRrsLD0YZrEEuU8r1wcjxsh+sSSY/qtNPY4i6sa+Otxb4hQK',
);
const mid = pem(
  'MIIBMTCB5KADAgECAhR3aNrWussjsviMO2O1DnA/CWeztDAFBgMrZXAwDTELMAkGA1UEAwwCY2EwIBcNMjYxMTIyMTEwNTAyWhgPMjEyNjEwMjkxMTA1MDJaMA4xDDAKBgNVBAMMA21pZDAqMAUGAytlcAMhAJjEztj/oPsltcI3aD4h/aIxOadEp5hDYZjEsRtx+m+Co1MwUTAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTceUyrXLzhE4Gh/4SJRALib5Vo2jAfBgNVHSMEGDAWgBT5DKMGjFKIySU/BsUSolkus2qb4TAFBgMrZXADQQD0POD+ZBCY8wno6gUQ/qWk+rn0DAmrsXJbjM1/S33emadVUyA8kNYqypIcA1t2fme7ZqnxZx9Y64/LSI+mifYC',
);
const leaf = pem(
  'MIIBXDCCAQ6gAwIBAgIUHVsPK3fGl9WNg6cKMpEXFW9KCIswBQYDK2VwMA4xDDAKBgNVBAMMA21pZDAgFw0yNjExMjIxMTA1MDJaGA8yMTI2MTAyOTExMDUwMlowETEPMA0GA1UEAwwGZXRjZDAxMCowBQYDK2VwAyEAUskK6Ut/TL1MhIXPJ3HpYFMshiQ2thSEiptvAJE56vCjeTB3MDUGA1UdEQQuMCyCBmV0Y2QwMYcECgAAH4cQIAENuAAAAAAAAAAAAAAAMYYKc3BpZmZlOi8veDAdBgNVHQ4EFgQUOvAhMXuk/T+uIFizITGcEn+4ESwwHwYDVR0jBBgwFoAU3HlMq1y84ROBof+EiUQC4m+VaNowBQYDK2VwA0EApQilFBybC4kVHtfcQl49Gsfl9EwrST/GoC50os384ypXW2VC5odsmZSA7KPWKYDVdXwbJR11jRjUZY71AUtCAw==',
);
const leafKey = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAUskK6Ut/TL1MhIXPJ3HpYFMshiQ2thSEiptvAJE56vA=\n-----END PUBLIC KEY-----\n';
const otherKey = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEASq4GRympTKRaOl+qEXGdwt7mQyaLWQX0fywebYwaT7I=\n-----END PUBLIC KEY-----\n';

const files = { use: 'client', certificate: '/pki/server.pem', key: '/pki/server.key', ca: '/pki/ca.pem' } as const;
const etcdUser = { user: 'etcd', group: 'etcd' };

/** What is made of these files on a host. */
async function read(texts: { readonly certificate?: string; readonly ca?: string; readonly key?: string }, hasOpenssl = true) {
  const { certificate = leaf + mid, ca: authority = ca, key = leafKey } = texts;
  const shell = fakeShell((line) => {
    if (line.endsWith('server.pem')) return certificate;
    if (line.endsWith('ca.pem')) return authority;
    return key === '' ? { exitCode: 1, stderr: 'Could not read key' } : key;
  });
  const [found] = await readCertificates(shell, [files], etcdUser, hasOpenssl);
  return { found, lines: shell.lines };
}

describe('the certificates of a host', () => {
  it('are read as etcd’s own user, the key by its public half alone', async () => {
    const { found, lines } = await read({});

    expect(found).toEqual({
      use: 'client',
      file: '/pki/server.pem',
      subjectAltNames: ['etcd01', '10.0.0.31', '2001:db8::31'],
      notBefore: new Date('2026-11-22T11:05:02Z'),
      notAfter: new Date('2126-10-29T11:05:02Z'),
      keyMatches: true,
      signedByCa: true,
    });
    expect(lines).toEqual([
      'sudo -u etcd -g etcd cat /pki/server.pem',
      'sudo -u etcd -g etcd cat /pki/ca.pem',
      'sudo -u etcd -g etcd openssl pkey -in /pki/server.key -pubout',
    ]);
  });

  it.each([
    ['a chain up to a CA among several', { ca: other + ca }, { keyMatches: true, signedByCa: true }],
    ['a CA of the same name with another key', { ca: other }, { signedByCa: false }],
    ['a chain with a gap', { certificate: leaf }, { signedByCa: false }],
    ['no chain where the CA file holds the next', { certificate: leaf, ca: mid }, { signedByCa: true }],
    ['the key of another', { key: otherKey }, { keyMatches: false }],
    ['a key that openssl cannot read', { key: '' }, { keyMatches: false }],
  ])('are judged: %s', async (_, texts, expected) => {
    expect((await read(texts)).found).toMatchObject(expected);
  });

  it('leave open whether the key fits where there is no openssl', async () => {
    const { found, lines } = await read({}, false);

    expect(found?.keyMatches).toBeUndefined();
    expect(lines.some((line) => line.includes('openssl'))).toBe(false);
  });

  it.each(['', 'a key lies here', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'are not guessed at: %j',
    async (certificate) => {
      await expect(read({ certificate })).rejects.toMatchObject({ code: 'HOST_OUTPUT_UNKNOWN' });
    },
  );
});

describe('certificateFiles', () => {
  const configurationOf = (execStart: string, environment = '', yaml?: string) => ({
    settings: etcdSettings(
      directives([{ path: '/u', text: `[Service]\nExecStart=${execStart}` }]),
      [{ path: '/e', text: environment }],
      yaml === undefined ? undefined : { path: '/y', text: yaml },
    ),
  });
  const both = [
    { use: 'client', certificate: '/c', key: '/k', ca: '/a' },
    { use: 'peer', certificate: '/pc', key: '/pk', ca: undefined },
  ];

  it.each([
    [
      'flags and environment',
      configurationOf('etcd --cert-file=/c --key-file /k', 'ETCD_TRUSTED_CA_FILE=/a\nETCD_PEER_CERT_FILE="/pc"\nETCD_PEER_KEY_FILE=/pk\n'),
    ],
    [
      'a config file',
      configurationOf(
        'etcd --config-file=/y --cert-file=/ignored',
        '',
        'client-transport-security:\n  cert-file: /c\n  key-file: /k\n  trusted-ca-file: /a\npeer-transport-security: {cert-file: /pc, key-file: /pk}\n',
      ),
    ],
  ])('are found in %s', (_, configuration) => {
    expect(certificateFiles(configuration)).toEqual(both);
  });

  it('are none without TLS', () => {
    expect(certificateFiles(configurationOf('etcd', 'ETCD_CERT_FILE=\n'))).toEqual([]);
    expect(certificateFiles(configurationOf('etcd', '', 'name: a\nclient-transport-security:\n'))).toEqual([]);
  });
});

describe('subjectAltNames', () => {
  it('takes names and addresses, quoted ones too, and shortens addresses as people write them', () => {
    expect(subjectAltNames('DNS:a.b, IP Address:0:0:0:0:0:0:0:1, URI:x, DNS:"a, DNS:b"')).toEqual(['a.b', '::1', 'a, DNS:b']);
    expect(subjectAltNames('')).toEqual([]);
  });
});
