/** Whether what the bot shows etcd will do when it is needed: without a quorum only a certificate does. */
import { durationInWords, instantInWords } from '../engine/words.ts';
import { expiresSoonMs } from './certificates.ts';
import { saying } from './check.ts';
import type { Check } from './check.ts';

/** How the bot shows itself to a cluster. */
export interface BotIdentity {
  readonly certificate: { readonly commonName: string; readonly notAfter: Date; readonly file: string } | undefined;
  /** The user of `auth` in config.yaml, whose password this process has. */
  readonly user: string | undefined;
}

/** What etcd says of it. */
export interface RightsSeen {
  /** Undefined when it cannot be known. */
  readonly authEnabled: boolean | undefined;
  readonly rights: readonly { readonly member: string; readonly may: boolean | undefined }[];
}

const certificateWithRoot =
  'Make a client certificate with CN=root: `openssl req -new -newkey rsa:2048 -noenc -keyout root-key.pem -subj /CN=root -out root.csr`, signed by etcd’s client CA.';

/** The certificate's days, and its rights. */
export function identityChecks({ certificate, user }: BotIdentity, { authEnabled, rights }: RightsSeen, now: Date): readonly Check[] {
  const { good, wrong, worthALook, notLookedAt } = saying('etcd');
  const as = certificate === undefined ? (user === undefined ? 'nobody' : `user ${user}`) : `CN=${certificate.commonName}`;
  const refused = rights.filter(({ may }) => may === false).map(({ member }) => member);
  return [
    ...(certificate === undefined ? [] : [validity(certificate, now)]),
    authEnabled === undefined
      ? notLookedAt('auth', 'Whether authentication is on could not be seen: no member said so.')
      : authEnabled && certificate === undefined
        ? wrong(
            'auth',
            `Authentication is on and the bot has a password only, which etcd cannot check without a quorum.`,
            certificateWithRoot,
          )
        : good('auth', `Authentication is ${authEnabled ? 'on' : 'off'}; the bot comes as ${as}.`),
    ...(authEnabled === false
      ? []
      : refused.length > 0
        ? [
            wrong(
              'rights',
              `${as} does not have the root role (asked of ${refused.join(', ')}).`,
              `${certificateWithRoot} Or \`etcdctl user grant-role ${certificate?.commonName ?? user ?? 'USER'} root\`.`,
              'ETCD_AUTH_FAILED',
            ),
          ]
        : rights.every(({ may }) => may === true)
          ? [good('rights', `${as} has the root role on every member.`)]
          : [notLookedAt('rights', `Whether ${as} has the root role could not be asked of ${unknown(rights)}.`)]),
    ...(authEnabled === false && certificate !== undefined && certificate.commonName !== 'root'
      ? [
          worthALook(
            'rights',
            `Should authentication be turned on, CN=${certificate.commonName} needs a user of that name with the root role.`,
          ),
        ]
      : []),
  ];
}

function unknown(rights: RightsSeen['rights']): string {
  return rights
    .filter(({ may }) => may === undefined)
    .map(({ member }) => member)
    .join(', ');
}

function validity({ commonName, notAfter, file }: NonNullable<BotIdentity['certificate']>, now: Date): Check {
  const { good, wrong, worthALook } = saying('etcd');
  const leftMs = notAfter.getTime() - now.getTime();
  const which = `The bot's certificate (CN=${commonName}, ${file})`;
  if (leftMs <= 0)
    return wrong(
      'client certificate',
      `${which} has expired on ${instantInWords(notAfter)}.`,
      'Issue a new one at the same place.',
      'ETCD_TLS_FAILED',
    );
  const left = `is valid for ${durationInWords(leftMs)} more`;
  return leftMs < expiresSoonMs
    ? worthALook('client certificate', `${which} ${left}.`, 'Issue a new one at the same place.')
    : good('client certificate', `${which} ${left}.`);
}
