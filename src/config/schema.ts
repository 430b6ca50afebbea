/** The shape of config.yaml: strict, with no default for anything that points at a machine. */
import { z } from 'zod';
import { ClusterName, MemberName, UserId } from '../ids.ts';

const durationUnits = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30s`, `30m`, `2h` or `1d`, as milliseconds. */
export const Duration = z
  .string()
  .regex(/^[1-9][0-9]{0,5}(s|m|h|d)$/, 'a duration is a whole number and a unit, e.g. 30s, 30m, 2h or 1d')
  .transform((text) => Number.parseInt(text, 10) * durationUnits[text.at(-1) as keyof typeof durationUnits]);

const absolutePath = z.string().regex(/^\/[^\0]*$/, 'an absolute path is needed, e.g. /etc/etcd-medic/prod/ca.pem');

/** ssh puts such paths into options of its own syntax: quotes, backslashes, variables and line breaks would be read otherwise than as they stand. */
const sshPath = absolutePath.regex(
  /^[^"\\$\p{Cc}]*$/u,
  'a path for ssh must not hold quotes, backslashes, dollar signs or control characters',
);

/** A channel id, or `#name` / `#prefix-*`. */
const Channel = z
  .string()
  .regex(/^(?:[CG][A-Z0-9]{2,20}|#[a-z0-9_-]{1,79}\*?)$/, 'a channel is an id (C0INCIDENT), a name (#incidents) or a prefix (#inc-*)');

/** A Slack user id, or a user-group id (`S…`). Never a name or an e-mail. */
const UserOrGroup = z
  .string()
  .regex(/^[UWS][A-Z0-9]{2,20}$/, 'a Slack user id (U0ALICE) or user-group id (S0ONCALL) is needed; names and e-mails are not accepted');

const httpsUrl = z
  .string()
  .regex(
    /^https?:\/\/[^/\s:]+(?::[0-9]{1,5})$|^https?:\/\/\[[0-9a-fA-F:]+\]:[0-9]{1,5}$/,
    'a URL with scheme, host and port is needed, e.g. https://10.0.0.31:2379',
  );

const sshHost = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/, 'a host name or address is needed');

/** Where one member is. */
export const Member = z.strictObject({
  host: sshHost,
  clientUrl: httpsUrl,
  peerUrl: httpsUrl,
});

/** The delay when config.yaml names none. */
const breakGlassDelayMs = 5 * 60_000;

/** Who may approve alone when nobody else is there, and how long the channel has to cancel it. */
export const BreakGlass = z.strictObject({
  people: z.array(UserOrGroup).min(1),
  delay: Duration.default(breakGlassDelayMs),
});

const approversNeeded = z
  .int()
  .refine((count) => count >= 1, 'at least 1 approver is needed: silence is never a yes')
  .max(10);

/** How many must agree, and for how long a gate stays open. */
export const Approvals = z.strictObject({
  /** Distinct approvers needed in general. */
  required: approversNeeded,
  /** Distinct approvers needed for steps after which the cluster has no quorum, and to attest what cannot be proven. */
  quorumLoss: approversNeeded,
  expiresAfter: Duration,
  breakGlass: BreakGlass.optional(),
});

const systemdUnit = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,60}$/, 'a systemd unit name is needed, e.g. etcd');

const login = {
  user: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a user name is needed, e.g. etcdops'),
  identityFile: sshPath,
  knownHostsFile: sshPath,
  port: z.int().min(1).max(65_535).optional(),
};

/** More hosts on the way to another are nobody's network, and each doubles the quotes of the one before. */
const hopsMax = 4;

/** What a key begins with. */
const keyPrefixes = z.array(z.string().min(1, 'what the keys begin with is needed, e.g. /name/').max(1_024)).max(100);

/** Which keys `put` and `get` may touch, each by what the keys begin with. */
export const Keys = z.strictObject({ put: keyPrefixes.optional(), get: keyPrefixes.optional() });

/** One cluster. */
export const Cluster = z.strictObject({
  channels: z.array(Channel).min(1),
  /** Who may look, beside operators and approvers. Without it anyone in the channels may. */
  readers: z.array(UserOrGroup).optional(),
  operators: z.array(UserOrGroup).min(1),
  approvers: z.array(UserOrGroup),
  approvals: Approvals,
  /** Without it, and for the word it leaves out: the bot's own keys alone. */
  keys: Keys.optional(),
  tls: z.strictObject({ ca: absolutePath, cert: absolutePath, key: absolutePath }).optional(),
  auth: z
    .strictObject({
      user: z.string().min(1),
      passwordFrom: z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable is needed, e.g. PROD_ETCD_PASSWORD'),
    })
    .optional(),
  ssh: z.strictObject({
    ...login,
    /** Hosts that ssh goes through, the first one first, each with a key and known hosts of its own. */
    proxyJump: z
      .array(z.strictObject({ host: sshHost, ...login }))
      .min(1)
      .max(hopsMax)
      .optional(),
  }),
  etcd: z.strictObject({
    /** Which of the etcds of its hosts is meant; all else of it each host says itself. */
    unit: systemdUnit,
    initialClusterToken: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a token is 1 to 64 letters, digits, dots, dashes or underscores'),
  }),
  members: z.record(MemberName, Member).refine((members) => Object.keys(members).length > 0, 'at least one member is needed'),
});
export type Cluster = z.infer<typeof Cluster>;

/** The whole of config.yaml. */
export const Config = z.strictObject({
  /** Where checked snapshots are kept, on the bot's machine. */
  backups: z.strictObject({ directory: absolutePath }),
  /** How long a failed run waits for Retry or Abort. */
  failureExpiresAfter: Duration.optional(),
  /** How soon the runs of a worker that died are taken up: within the two together. The same on every worker. 30s and 15s when not given. */
  worker: z.strictObject({ lockDuration: Duration, stalledInterval: Duration }).optional(),
  /** Users of the bot's machine who may use the terminal, as the Slack user they are. */
  terminalUsers: z.record(z.string(), UserId).optional(),
  clusters: z.record(ClusterName, Cluster).refine((clusters) => Object.keys(clusters).length > 0, 'at least one cluster is needed'),
});
export type Config = z.infer<typeof Config>;
