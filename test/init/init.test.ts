/** A first config.yaml out of a member list. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkClusters } from '../../src/config/cluster-checks.ts';
import { Config } from '../../src/config/schema.ts';
import type { MemberRow } from '../../src/etcd/etcd.ts';
import { MemberId } from '../../src/ids.ts';
import { firstFiles, readInit } from '../../src/init/index.ts';
import type { SeenForInit } from '../../src/init/index.ts';

const words = ['--endpoint', 'https://10.0.0.31:2379', '--name', 'prod', '--ca', '/p/ca.pem', '--cert', '/p/me.pem', '--key', '/p/me.key'];

function row(number: number, change: Partial<MemberRow> = {}): MemberRow {
  const address = `10.0.0.3${number}`;
  return {
    memberId: MemberId.parse(`a${number}`),
    name: `etcd0${number}`,
    peerUrls: [`https://${address}:2380`],
    clientUrls: [`https://${address}:2379`],
    isLearner: false,
    ...change,
  };
}

const three = [row(1), row(2), row(3)];
const seen: SeenForInit = { members: three, authEnabled: true, mayAdminister: true, commonName: 'root' };
const files = (
  change: Partial<SeenForInit> = {},
  { typed = words, vouched = '', has = () => false }: { typed?: readonly string[]; vouched?: string; has?: (path: string) => boolean } = {},
) => firstFiles(readInit(typed), { ...seen, ...change }, vouched, has);
const filled = (text: string) =>
  Config.parse(
    parse(
      text
        .replace('FILL_IN_CHANNEL', 'C0INC')
        .replace('FILL_IN_OPERATOR', 'U0ALICE')
        .replace(/FILL_IN_APPROVER_1, FILL_IN_APPROVER_2/, 'U0BOB, U0CAROL'),
    ),
  );
const linesOf = (change: Partial<SeenForInit> = {}, options: Parameters<typeof files>[1] = {}) =>
  files(change, options)
    .needed.flatMap(({ what, lines }) => [what, ...lines])
    .join('\n');

describe('the config.yaml', () => {
  it('is right once the people are filled in, and wrong before', () => {
    const { config } = files();

    const { clusters } = filled(config);

    expect(checkClusters(clusters)).toEqual({ mistakes: [], warnings: [] });
    expect(Object.values(clusters)[0]?.members).toEqual({
      etcd01: { host: '10.0.0.31', clientUrl: 'https://10.0.0.31:2379', peerUrl: 'https://10.0.0.31:2380' },
      etcd02: { host: '10.0.0.32', clientUrl: 'https://10.0.0.32:2379', peerUrl: 'https://10.0.0.32:2380' },
      etcd03: { host: '10.0.0.33', clientUrl: 'https://10.0.0.33:2379', peerUrl: 'https://10.0.0.33:2380' },
    });
    expect(Config.safeParse(parse(config)).error?.issues.map(({ path }) => path.slice(2).join('.'))).toEqual([
      'channels.0',
      'operators.0',
      'approvers.0',
      'approvers.1',
    ]);
  });

  it('names the certificate that was given when it will do, and where the one to be made will lie when not', () => {
    expect(Object.values(filled(files().config).clusters)[0]?.tls).toEqual({ ca: '/p/ca.pem', cert: '/p/me.pem', key: '/p/me.key' });
    expect(Object.values(filled(files({ mayAdminister: false }).config).clusters)[0]?.tls).toEqual({
      ca: '/p/ca.pem',
      cert: '/etc/etcd-medic/prod/root.pem',
      key: '/etc/etcd-medic/prod/root-key.pem',
    });
  });

  it('has no tls for a cluster that is spoken to in the clear', () => {
    const plain = three.map((each) => ({ ...each, clientUrls: each.clientUrls.map((url) => url.replace('https', 'http')) }));

    const { config, remarks } = files(
      { members: plain, authEnabled: false, commonName: undefined },
      { typed: ['--endpoint', 'http://10.0.0.31:2379', '--name', 'prod'] },
    );

    expect(Object.values(filled(config).clusters)[0]?.tls).toBeUndefined();
    expect(remarks[0]).toBe('Authentication is off. Without TLS no certificate is needed.');
  });

  it('keeps names that YAML would take for something else', () => {
    const { config } = files({ members: [row(1, { name: '01' }), row(2, { name: 'no' }), row(3, { name: '1e3' })] });

    expect(Object.keys(Object.values(filled(config).clusters)[0]?.members ?? {}).toSorted()).toEqual(['01', '1e3', 'no']);
  });
});

describe('members that are odd', () => {
  it.each<readonly [string, MemberRow, RegExp, string | undefined]>([
    [
      'never started',
      row(3, { name: '', clientUrls: [] }),
      /Left out: a3 at https:\/\/10\.0\.0\.33:2380 was added and has never started/,
      undefined,
    ],
    ['is a learner', row(3, { isLearner: true }), /etcd03 is a learner/, 'https://10.0.0.33:2379'],
    [
      'has several client URLs',
      row(3, { clientUrls: ['https://127.0.0.1:2379', 'https://10.0.0.33:2379', 'https://etcd03:2379'] }),
      /several client URLs.*https:\/\/10\.0\.0\.33:2379 was taken/,
      'https://10.0.0.33:2379',
    ],
    [
      'advertises localhost',
      row(3, { clientUrls: ['https://localhost:2379'] }),
      /https:\/\/10\.0\.0\.33:2379 is a guess: check it, and correct advertise-client-urls/,
      'https://10.0.0.33:2379',
    ],
    [
      'has a peer URL of localhost',
      row(3, { peerUrls: ['http://localhost:2380'] }),
      /which no other member reaches.*etcdctl member update a3/,
      'https://10.0.0.33:2379',
    ],
    [
      'has several peer URLs',
      row(3, { peerUrls: ['https://10.0.0.33:2380', 'https://10.1.0.33:2380'] }),
      /several peer URLs/,
      'https://10.0.0.33:2379',
    ],
    ['has a name that does not do', row(3, { name: 'a b' }), /a b is a name that config\.yaml does not take/, 'https://10.0.0.33:2379'],
    [
      'listens at IPv6',
      row(3, { peerUrls: ['https://[2001:db8::33]:2380'], clientUrls: ['https://[2001:db8::33]:2379'] }),
      /root\) will do/,
      'https://[2001:db8::33]:2379',
    ],
  ])('%s', (_, odd, remark, clientUrl) => {
    const { remarks, config } = files({ members: [row(1), row(2), odd] });

    expect(remarks.join('\n')).toMatch(remark);
    if (clientUrl === undefined) expect(config).not.toContain('etcd03');
    else expect(config).toContain(`clientUrl: "${clientUrl}"`);
  });

  it('takes the client URL that was asked, of several', () => {
    const { config } = files({ members: [row(1, { clientUrls: ['https://first:2379', 'https://10.0.0.31:2379'] })] });

    expect(config).toContain('clientUrl: "https://10.0.0.31:2379"');
  });
});

describe('what is still needed', () => {
  it('is a certificate of root where authentication is on, and any where it is off', () => {
    expect(linesOf({ mayAdminister: false })).toMatch(
      /whose CN is root.*\nopenssl req -new .* -subj \/CN=root -keyout \/etc\/etcd-medic\/prod\/root-key\.pem/,
    );
    expect(linesOf()).not.toContain('openssl');
    expect(files({ authEnabled: false }).remarks[0]).toContain('as any client certificate will while authentication is off');
  });

  it('is the key, unless it is there', () => {
    expect(linesOf()).toContain("ssh-keygen -t ed25519 -N '' -C etcd-medic -f /etc/etcd-medic/prod/id_ed25519");
    expect(linesOf({}, { has: (path) => path.endsWith('id_ed25519') })).not.toContain('ssh-keygen -t');
  });

  it('are host keys of those hosts that nobody vouched for, and of no other', () => {
    const key = `ssh-ed25519 ${'A'.repeat(68)}`;
    const vouched = `Nothing changed.\nFor known_hosts:\n  10.0.0.31 ${key}\n  10.0.0.99 ${key}\n10.0.0.32 ${key} root@etcd02\n`;

    const { knownHosts } = files({}, { vouched });

    expect(knownHosts).toBe(`10.0.0.31 ${key}\n10.0.0.32 ${key}\n`);
    expect(linesOf({}, { vouched })).toContain('ssh-keyscan -t ed25519 10.0.0.33 >> /etc/etcd-medic/prod/known_hosts');
    expect(linesOf({}, { vouched: [1, 2, 3].map((number) => `10.0.0.3${number} ${key}`).join('\n') })).not.toContain('ssh-keyscan');
  });
});

describe('the words', () => {
  it('may name an endpoint more than once', () => {
    expect(readInit([...words, '--endpoint', 'https://10.0.0.32:2379']).endpoints).toEqual([
      'https://10.0.0.31:2379',
      'https://10.0.0.32:2379',
    ]);
  });

  it.each([
    ['no scheme', ['--endpoint', '10.0.0.31:2379', '--name', 'prod'], 'say it with scheme and port'],
    ['https without files', ['--endpoint', 'https://10.0.0.31:2379', '--name', 'prod'], 'For https say --ca, --cert and --key'],
    ['files in part', words.slice(0, 6), '--ca, --cert and --key belong together'],
    ['a name that does not do', [...words, '--name', 'Prod'], 'a cluster name is'],
    ['no endpoint', ['--name', 'prod'], '--endpoint'],
  ])('are refused with %s', (_, typed, because) => {
    expect(() => readInit(typed)).toThrow(because);
  });
});
