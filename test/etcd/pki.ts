/** Certificates for tests of TLS, made with openssl in a directory of their own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A directory of certificates, removed when disposed of. */
export interface TestPki extends Disposable {
  readonly directory: string;
  /** A certificate authority. */
  authority(name: string): KeyPair;
  /** As `certificate`, but it was valid in January 2020 only. */
  expired(name: string, order: { readonly by: KeyPair; readonly commonName: string; readonly names: string }): KeyPair;
  /** A certificate of an authority; `names` as openssl writes subjectAltName. Valid from now for 30 days. */
  certificate(name: string, order: { readonly by: KeyPair; readonly commonName: string; readonly names?: string }): KeyPair;
}

/** Makes an empty directory. */
export function testPki(): TestPki {
  const directory = mkdtempSync(join(tmpdir(), 'etcd-medic-pki-'));
  const openssl = (argv: readonly string[]) => execFileSync('openssl', argv, { stdio: 'pipe' });
  const pair = (name: string): KeyPair => ({ cert: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) });
  // EC keys, because they take milliseconds.
  const fixed = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30'.split(' ');
  const request = (to: KeyPair, commonName: string, names?: string) => {
    const subject = ['-subj', `/CN=${commonName}`, '-keyout', to.key, '-out', to.cert];
    return [...fixed, ...subject, ...(names === undefined ? [] : ['-addext', `subjectAltName=${names}`])];
  };
  return {
    directory,
    authority(name) {
      const made = pair(name);
      openssl(request(made, name));
      return made;
    },
    certificate(name, { by, commonName, names }) {
      const made = pair(name);
      openssl([...request(made, commonName, names), '-CA', by.cert, '-CAkey', by.key]);
      return made;
    },
    expired(name, { by, commonName, names }) {
      const made = pair(name);
      const file = (ending: string) => join(directory, `${name}.${ending}`);
      const settings = [
        '[ca]\ndefault_ca=here',
        `[here]\ndatabase=${file('index')}\nnew_certs_dir=${directory}\ndefault_md=sha256\npolicy=any\nx509_extensions=names\nrand_serial=yes`,
        '[any]\ncommonName=supplied',
        `[names]\nsubjectAltName=${names}`,
      ];
      writeFileSync(file('cnf'), `${settings.join('\n')}\n`);
      writeFileSync(file('index'), '');
      openssl([
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-subj',
        `/CN=${commonName}`,
        '-keyout',
        made.key,
        '-out',
        file('csr'),
      ]);
      const dates = ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z'];
      openssl([
        'ca',
        '-batch',
        '-notext',
        '-config',
        file('cnf'),
        '-cert',
        by.cert,
        '-keyfile',
        by.key,
        '-in',
        file('csr'),
        '-out',
        made.cert,
        ...dates,
      ]);
      return made;
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
