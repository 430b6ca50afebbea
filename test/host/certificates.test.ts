/** Certificates as a host shows them: what they cover, whose key and whose signature. */
import { describe, expect, it } from 'vitest';
import { certificateFacts, subjectAltNames } from '../../src/host/certificates.ts';
import type { CertificateSeen } from '../../src/host/look.ts';
import { where } from './scripted-host.ts';

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

const seen = {
  use: 'client',
  file: '/pki/server.pem',
  key_file: '/pki/server.key',
  ca_file: '/pki/ca.pem',
  key_matches: true,
  problem: undefined,
} as const;
const read = (changes: Partial<CertificateSeen> = {}) => certificateFacts(where, [{ ...seen, pem: leaf + mid, ca_pem: ca, ...changes }])[0];

describe('the certificates of a host', () => {
  it('are read with what they cover', () => {
    expect(read()).toEqual({
      use: 'client',
      file: '/pki/server.pem',
      subjectAltNames: ['etcd01', '10.0.0.31', '2001:db8::31'],
      notBefore: new Date('2026-11-22T11:05:02Z'),
      notAfter: new Date('2126-10-29T11:05:02Z'),
      keyMatches: true,
      signedByCa: true,
    });
  });

  it.each<[string, Partial<CertificateSeen>, object]>([
    ['a chain up to a CA among several', { ca_pem: other + ca }, { keyMatches: true, signedByCa: true }],
    ['a CA of the same name with another key', { ca_pem: other }, { signedByCa: false }],
    ['a chain with a gap', { pem: leaf }, { signedByCa: false }],
    ['no chain where the CA file holds the next', { pem: leaf, ca_pem: mid }, { signedByCa: true }],
    ['no CA', { ca_file: undefined, ca_pem: undefined }, { signedByCa: undefined }],
    ['the key of another', { key_matches: false, problem: 'they cannot be used together' }, { keyMatches: false, signedByCa: true }],
    ['a key of which the host could not tell', { key_matches: undefined }, { keyMatches: undefined }],
  ])('are judged: %s', (_, changes, expected) => {
    expect(read(changes)).toMatchObject(expected);
  });

  it.each(['', 'a key lies here', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', leaf.repeat(257)])(
    'are not guessed at',
    (text) => {
      expect(() => read({ pem: text })).toThrow(expect.objectContaining({ code: 'HOST_OUTPUT_UNKNOWN' }) as Error);
    },
  );

  it('that etcd’s user cannot read are named, with the reason', () => {
    expect(() => read({ pem: undefined, problem: '/pki/server.pem cannot be read as etcd (Permission denied)' })).toThrow(
      expect.objectContaining({ code: 'HOST_COMMAND_FAILED', message: expect.stringContaining('Permission denied') as string }) as Error,
    );
    expect(() => read({ ca_pem: undefined })).toThrow(expect.objectContaining({ code: 'HOST_COMMAND_FAILED' }) as Error);
  });
});

describe('subjectAltNames', () => {
  it('takes names and addresses, quoted ones too, and shortens addresses as people write them', () => {
    expect(subjectAltNames('DNS:a.b, IP Address:0:0:0:0:0:0:0:1, URI:x, DNS:"a, DNS:b"')).toEqual(['a.b', '::1', 'a, DNS:b']);
    expect(subjectAltNames('')).toEqual([]);
  });
});
