/** What is still to be done by a person after `init`, as lines to type: the key, the certificate, the host keys, the kit. */
import { keysInto, onHosts } from '../kit/typed.ts';
import type { FirstConfig } from './config-text.ts';
import type { KnownHosts } from './known-hosts.ts';

/** What is known of the certificate that was given. */
export interface CertificateSeen {
  /** Undefined when it could not be known. */
  readonly authEnabled: boolean | undefined;
  /** Whether it may do what only the root role may, on every member that answered. */
  readonly mayAdminister: boolean | undefined;
  readonly commonName: string | undefined;
}

/** A heading with its lines. */
export interface Needed {
  readonly what: string;
  readonly lines: readonly string[];
}

/** @param has whether a file is there already */
export function stillNeeded(
  first: FirstConfig,
  {
    known,
    certificate,
    has,
  }: { readonly known: KnownHosts; readonly certificate: CertificateSeen; readonly has: (path: string) => boolean },
): readonly Needed[] {
  const { ssh, tls, name } = first;
  const directory = ssh.identityFile.replace(/\/[^/]*$/, '');
  return [
    ...(has(ssh.identityFile)
      ? []
      : [
          {
            what: 'The key that the hosts will let in, for etcd-medic-host alone:',
            lines: [`install -d -m 700 ${directory}`, `ssh-keygen -t ed25519 -N '' -C etcd-medic -f ${ssh.identityFile}`],
          },
        ]),
    ...(tls === undefined ? [] : certificateNeeded(tls, certificate)),
    {
      what: 'A script for root on each host:',
      lines: [`etcd-medic kit ${name} > kit.sh`, ...onHosts(first.members.map(({ host }) => host))],
    },
    ...(known.without.length === 0
      ? []
      : [
          {
            what: 'Host keys. What the network says nobody vouches for, so none was taken from it. The kit prints each host’s own:',
            lines: [keysInto(ssh.knownHostsFile)],
          },
          {
            what: 'Or fetch them, and compare the fingerprints with what each host says itself:',
            lines: [
              `ssh-keyscan -t ed25519 ${known.without.join(' ')} >> ${ssh.knownHostsFile}`,
              `ssh-keygen -lf ${ssh.knownHostsFile}`,
              'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub    # on each host, by another way than this network',
            ],
          },
        ]),
    { what: 'And then, until nothing is wrong:', lines: [`etcd-medic doctor ${name}`] },
  ];
}

function certificateNeeded(tls: NonNullable<FirstConfig['tls']>, { authEnabled, mayAdminister }: CertificateSeen): readonly Needed[] {
  if (mayAdminister === true) return [];
  const csr = `${tls.cert.replace(/\.[^./]*$/, '')}.csr`;
  const why =
    authEnabled === true
      ? 'Authentication is on, so the bot needs a client certificate whose CN is root (or another user with the root role):'
      : 'Whether authentication is on could not be seen. With it off any client certificate will do; with it on its CN must be root:';
  return [
    {
      what: why,
      lines: [
        `openssl req -new -newkey rsa:2048 -noenc -subj /CN=root -keyout ${tls.key} -out ${csr}`,
        `openssl x509 -req -in ${csr} -CA ${tls.ca} -CAkey CA_KEY_OF_ETCD -CAcreateserial -days 365 -out ${tls.cert}`,
        `chmod 600 ${tls.key}`,
      ],
    },
  ];
}

/** Which certificate will do, in a sentence. */
export function certificateInWords(tls: FirstConfig['tls'], { authEnabled, mayAdminister, commonName }: CertificateSeen): string {
  const auth =
    authEnabled === undefined ? 'Whether authentication is on could not be seen.' : `Authentication is ${authEnabled ? 'on' : 'off'}.`;
  if (tls === undefined)
    return authEnabled === true
      ? `${auth} Without TLS the bot has no certificate to show, and a password cannot be checked without a quorum: serve etcd over TLS.`
      : `${auth} Without TLS no certificate is needed.`;
  if (mayAdminister === true)
    return `${auth} The certificate that was given (CN=${commonName}) will do${authEnabled === false ? ', as any client certificate will while authentication is off' : ''}.`;
  return `${auth} The certificate that was given (CN=${commonName}) does not have the root role.`;
}
