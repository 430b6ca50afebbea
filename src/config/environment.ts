/** The environment variables the bot reads, each with what it is for; .env.example lists the same, and a test holds the two together. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { Secret } from './secret.ts';

/** What a process does: take commands and clicks, carry out runs, or bring reports to Slack. */
export const roles = ['bot', 'worker', 'reports'] as const;
export type Role = (typeof roles)[number];

const secret = (pattern: RegExp, message: string) =>
  z
    .string()
    .regex(pattern, message)
    .transform((value) => new Secret(value));

const port = z
  .string()
  .regex(/^[0-9]{1,5}$/, 'a port number is needed')
  .transform(Number)
  .refine((value) => value <= 65_535, 'a port is at most 65535');

const roleList = z
  .string()
  .transform((list) => list.split(',').map((role) => role.trim()))
  .pipe(z.array(z.enum(roles, `one or more of ${roles.join(', ')} are needed, separated by commas`)));

/** Every variable. The descriptions stand in .env.example word for word. */
export const Environment = z.object({
  ETCD_MEDIC_CONFIG: z.string().default('/etc/etcd-medic/config.yaml').describe('Where config.yaml is.'),
  ETCD_MEDIC_ROLES: roleList
    .prefault('bot,worker,reports')
    .describe('What this process does: any of bot, worker and reports, separated by commas.'),
  ETCD_MEDIC_HTTP_HOST: z
    .string()
    .refine((value) => isIP(value) !== 0, 'an IP address is needed, e.g. 127.0.0.1, or 0.0.0.0 for every address of the machine')
    .default('127.0.0.1')
    .describe('The address of GET /healthz and GET /metrics. They ask for no password: 127.0.0.1 keeps them on this machine.'),
  ETCD_MEDIC_HTTP_PORT: port.prefault('9464').describe('The port of GET /healthz and GET /metrics.'),
  REDIS_URL: secret(/^rediss?:\/\/[^\s]+$/, 'a URL is needed, e.g. redis://10.0.0.5:6379/0').describe(
    'Redis with appendonly yes and maxmemory-policy noeviction, e.g. redis://:password@10.0.0.5:6379/0.',
  ),
  ETCD_MEDIC_SIGNING_KEY: secret(
    /^[0-9a-fA-F]{64}(,[0-9a-fA-F]{64})*$/,
    'keys of 64 hexadecimal digits are needed (openssl rand -hex 32), separated by commas; the first one signs',
  )
    .optional()
    .describe('What backups are signed with, the same for all workers: openssl rand -hex 32. Without it a key is made beside the backups.'),
  ETCD_MEDIC_SIGNING_KEY_FILE: z
    .string()
    .regex(/^\/[^\0]*$/, 'an absolute path is needed, e.g. /etc/etcd-medic/signing-key')
    .optional()
    .describe('A file with it instead, a key a line, mode 0600. The first one signs, all of them are accepted.'),
  SLACK_BOT_TOKEN: secret(/^xox/, 'a bot token begins with xoxb-')
    .optional()
    .describe('The bot token (xoxb-…). Needed by the roles bot and reports.'),
  SLACK_APP_TOKEN: secret(/^xapp-/, 'an app token begins with xapp-')
    .optional()
    .describe('The app token (xapp-…) with connections:write. Set it for Socket Mode, which needs no public address.'),
  SLACK_SIGNING_SECRET: secret(/^\S{8,}$/, 'the signing secret of the Slack app is needed')
    .optional()
    .describe('The signing secret. Set it instead of SLACK_APP_TOKEN when Slack is to reach the bot over HTTP.'),
  PORT: port.prefault('3000').describe('The port Slack reaches over HTTP; not used in Socket Mode.'),
  SLACK_API_URL: z
    .string()
    .regex(/^https?:\/\/\S+\/$/, 'a URL that ends with a slash is needed, e.g. https://slack.com/api/')
    .optional()
    .describe('Another Slack Web API than https://slack.com/api/, for tests and the demo.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('fatal, error, warn, info, debug or trace.'),
});
export type Environment = z.infer<typeof Environment>;
