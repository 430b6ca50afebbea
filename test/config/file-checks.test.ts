/** Keys, certificates and directories that cannot be used are found at the start. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDirectory, checkFiles } from '../../src/config/file-checks.ts';
import { formatMistake } from '../../src/config/mistakes.ts';

let folder: string;
const file = (name: string) => join(folder, name);
const now = new Date();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'etcd-medic-files-'));
  for (const name of ['root', 'other']) {
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`].concat([
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.crt`),
      ]),
      { stdio: 'ignore' },
    );
    chmodSync(file(`${name}.key`), 0o600);
  }
  writeFileSync(file('id_ed25519'), 'a key', { mode: 0o600 });
  writeFileSync(file('known_hosts'), '');
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('checkFiles', () => {
  it('finds nothing wrong in files that are right', () => {
    expect(check({})).toEqual({ mistakes: [], warnings: [] });
  });

  it('says which files do not exist', () => {
    const { mistakes } = check({ ca: '/nowhere/ca.crt' }, { identityFile: '/nowhere/id' });

    expect(mistakes).toEqual([
      'clusters.prod.ssh.identityFile: /nowhere/id does not exist',
      'clusters.prod.tls.ca: /nowhere/ca.crt does not exist',
    ]);
  });

  it('says that a directory cannot be read as a key', () => {
    expect(check({ key: folder }).mistakes).toEqual([`clusters.prod.tls.key: ${folder} is a directory and not a file`]);
  });

  it('neither waits for a pipe nor reads what never ends', () => {
    execFileSync('mkfifo', [file('pipe')]);

    const { mistakes } = check({ ca: file('pipe'), cert: '/dev/zero' }, { knownHostsFile: file('pipe') });

    expect(mistakes).toEqual([
      `clusters.prod.ssh.knownHostsFile: ${file('pipe')} is a pipe and not a file`,
      `clusters.prod.tls.ca: ${file('pipe')} is a pipe and not a file`,
      'clusters.prod.tls.cert: /dev/zero is a device and not a file',
    ]);
  });

  it('warns of a file that anybody can write: it says who etcd and the hosts are', () => {
    writeFileSync(file('open_hosts'), '');
    chmodSync(file('open_hosts'), 0o666);

    expect(check({}, { knownHostsFile: file('open_hosts') }).warnings).toEqual([
      `clusters.prod.ssh.knownHostsFile: ${file('open_hosts')} can be written by anybody: chmod o-w ${file('open_hosts')}`,
    ]);
  });

  it('says which files hold no certificate or key', () => {
    const { mistakes } = check({ ca: file('known_hosts'), cert: file('id_ed25519'), key: file('id_ed25519') });

    expect(mistakes).toEqual([
      `clusters.prod.tls.ca: ${file('known_hosts')} holds no certificate in PEM form`,
      `clusters.prod.tls.cert: ${file('id_ed25519')} holds no certificate in PEM form`,
      `clusters.prod.tls.key: ${file('id_ed25519')} holds no private key in PEM form without a passphrase`,
    ]);
  });

  it('says that a key belongs to another certificate', () => {
    expect(check({ key: file('other.key') }).mistakes).toEqual([
      `clusters.prod.tls.key: ${file('other.key')} is not the key of ${file('root.crt')}`,
    ]);
  });

  it('warns of a certificate that has expired', () => {
    const { mistakes, warnings } = check({}, {}, new Date(now.getTime() + 3 * 86_400_000));

    expect(mistakes).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/^clusters\.prod\.tls\.cert: .*root\.crt has expired on \d{4}-/)]);
  });

  it('warns of private keys that others can read', () => {
    chmodSync(file('id_ed25519'), 0o640);
    chmodSync(file('root.key'), 0o644);

    const { warnings } = check({});

    expect(warnings).toEqual([
      `clusters.prod.ssh.identityFile: ${file('id_ed25519')} can be read by others, and ssh refuses such a key: chmod 600 ${file('id_ed25519')}`,
      `clusters.prod.tls.key: ${file('root.key')} can be read by others: chmod 600 ${file('root.key')}`,
    ]);
  });
});

describe('checkDirectory', () => {
  it('takes one that is there and one that can be made', () => {
    expect(checkDirectory(['backups'], folder).mistakes).toEqual([]);
    expect(checkDirectory(['backups'], file('not/yet/there')).mistakes).toEqual([]);
  });

  it('refuses a file, and a place below one', () => {
    expect(checkDirectory(['backups'], file('root.crt')).mistakes).toHaveLength(1);
    expect(checkDirectory(['backups'], join(file('root.crt'), 'backups')).mistakes).toHaveLength(1);
  });
});

function check(tls: Record<string, string>, ssh: Record<string, string> = {}, at = now) {
  const files = {
    tls: { ca: file('root.crt'), cert: file('root.crt'), key: file('root.key'), ...tls },
    ssh: { identityFile: file('id_ed25519'), knownHostsFile: file('known_hosts'), ...ssh },
  };
  const { mistakes, warnings } = checkFiles(['clusters', 'prod'], files, at);
  return { mistakes: mistakes.map((one) => formatMistake(one)), warnings: warnings.map((one) => formatMistake(one)) };
}
