import { describe, expect, it } from 'vitest';
import type { CertificateFacts } from '../../src/host/host.ts';
import { MemberName } from '../../src/ids.ts';
import { certificateChecks } from '../../src/checkup/certificates.ts';
import { findingOf } from '../../src/checkup/check.ts';
import { hostOf, portOf } from '../../src/checkup/place.ts';

const certificatesFit = (...args: Parameters<typeof certificateChecks>) => findingOf(certificateChecks(...args));
const now = new Date('2026-11-22T03:00:00Z');
const member = { name: MemberName.parse('etcd03'), clientUrl: 'https://10.0.0.33:2379', peerUrl: 'https://10.0.0.33:2380' };

function pair(over: Partial<CertificateFacts> = {}): CertificateFacts[] {
  const good = {
    file: '/etc/etcd/pki/server.pem',
    subjectAltNames: ['10.0.0.33', 'etcd03.example'],
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    keyMatches: true,
    signedByCa: true,
    ...over,
  };
  return [
    { ...good, use: 'client' },
    { ...good, use: 'peer' },
  ];
}

describe('certificates of a member that is to join', () => {
  it('are fit when they cover its address, are valid, fit their key and are signed by the CA', () => {
    expect(certificatesFit(pair(), member, now)).toEqual({ holds: true });
  });

  it.each([
    ['lack the address', pair({ subjectAltNames: ['10.0.0.3', '127.0.0.1'] }), 'does not cover 10.0.0.33: it names 10.0.0.3 and 127.0.0.1'],
    ['name no address at all', pair({ subjectAltNames: [] }), 'it names no address'],
    ['have expired', pair({ notAfter: new Date('2026-11-22T02:59:59Z') }), 'has expired on 2026-11-22 02:59:59 UTC'],
    ['are not valid yet', pair({ notBefore: new Date('2026-11-22T03:00:01Z') }), 'is not valid before 2026-11-22 03:00:01 UTC'],
    ['do not fit their key', pair({ keyMatches: false }), 'do not belong together'],
    ['are of another CA', pair({ signedByCa: false }), 'is not signed by the CA'],
    ['are not there for one of the two uses', pair().slice(0, 1), 'names no certificate for its peer side'],
    ['are not there', [], 'names no certificate for its client side'],
  ])('are not fit when they %s', (_, certificates, because) => {
    expect(certificatesFit(certificates, member, now)).toMatchObject({ holds: false, because: expect.stringContaining(because) });
  });

  it('are all named when both are wrong', () => {
    const finding = certificatesFit(pair({ keyMatches: false, notAfter: now }), member, now);

    expect(finding.holds ? '' : finding.because.match(/The (client|peer) certificate/g)).toHaveLength(4);
  });

  it('may name the host by a name, a wildcard or another way to write IPv6', () => {
    const named = (names: string[], host: string) =>
      certificatesFit(
        pair({ subjectAltNames: names }),
        { ...member, clientUrl: `https://${host}:2379`, peerUrl: `https://${host}:2380` },
        now,
      ).holds;

    expect(named(['ETCD03.example'], 'etcd03.example')).toBe(true);
    expect(named(['*.example'], 'etcd03.example')).toBe(true);
    expect(named(['*.example'], 'a.etcd03.example')).toBe(false);
    expect(named(['*.example'], 'example')).toBe(false);
    expect(named(['fd00:0:0:0:0:0:0:33'], '[fd00::33]')).toBe(true);
    expect(named(['*.0.0.33'], '10.0.0.33')).toBe(false);
  });

  it('need not be there without TLS, and say so when they end soon or could not be told', () => {
    const plain = { ...member, clientUrl: 'http://10.0.0.33:2379', peerUrl: 'http://10.0.0.33:2380' };

    expect(certificatesFit([], plain, now)).toEqual({ holds: true });
    expect(certificatesFit(pair({ notAfter: new Date('2026-11-25T03:00:00Z') }), member, now)).toMatchObject({
      holds: true,
      note: expect.stringContaining('is valid for 3 days more'),
    });
    expect(certificatesFit(pair({ keyMatches: undefined }), member, now)).toMatchObject({
      holds: true,
      note: expect.stringContaining('could not be told'),
    });
  });
});

describe('the address in a URL', () => {
  it('is its host without brackets, and its port or that of its scheme', () => {
    expect([hostOf('https://[fd00::33]:2380'), portOf('https://[fd00::33]:2380')]).toEqual(['fd00::33', 2380]);
    expect([portOf('https://etcd03'), portOf('http://etcd03')]).toEqual([443, 80]);
  });
});
