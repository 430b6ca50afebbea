/** The one error class that is thrown on purpose, and the catalogue of its codes. */

/** What may be tried after an error: the same step again later, or nothing without a change by a person. */
export type Retry = 'later' | 'never';

interface CatalogueRow {
  readonly retry: Retry;
  /** What the person should do next, in one sentence. */
  readonly hint: string;
}

/** Every code with what may be done about it. docs/errors.md lists the same codes; a test holds the two together. */
export const errorCatalogue = {
  CONFIG_INVALID: { retry: 'never', hint: 'Correct the named settings and start again.' },
  INPUT_INVALID: { retry: 'never', hint: 'Correct the command; `help <verb>` shows its form.' },
  NOT_ALLOWED: { retry: 'never', hint: 'Ask someone who is on the list, or have the list changed in config.yaml.' },
  RUN_NOT_FOUND: { retry: 'never', hint: '`runs` lists the runs that are known.' },
  GATE_CLOSED: { retry: 'never', hint: '`show <run>` says where the run stands now.' },
  CLUSTER_HELD: { retry: 'later', hint: 'Wait for the run that holds the cluster, or abort it.' },
  RUN_ABORTED: { retry: 'never', hint: 'Start a new run when the reason for the abort is gone.' },
  QUEUE_UNAVAILABLE: { retry: 'later', hint: 'Redis does not answer: check it, then send the command again. Nothing was started.' },
  WORKER_MISSING: { retry: 'later', hint: 'Start a worker (`systemctl start etcd-medic`, or its container), then ask again.' },
  RUN_TAKEN_OVER: { retry: 'never', hint: 'Another worker carries this run on; nothing needs doing.' },
  GATE_MOVED: { retry: 'later', hint: 'Somebody spoke at the gate at this very moment: the run looks at it again by itself.' },
  JOURNAL_INVALID: { retry: 'never', hint: 'The record of this run cannot be read; finish by hand from the thread and start a new run.' },
  JOURNAL_MOVED: { retry: 'later', hint: 'The run is taken up again by itself, from what its record holds now.' },
  HOST_UNREACHABLE: { retry: 'later', hint: 'Check that the host is up and that sshd answers on it, then press Retry.' },
  HOST_KEY_MISMATCH: { retry: 'never', hint: "The host's key is not the one in knownHostsFile: find out why before anything else." },
  HOST_AUTH_REFUSED: { retry: 'never', hint: 'The host refused the ssh key: check authorized_keys and identityFile.' },
  HOST_SUDO_REFUSED: { retry: 'never', hint: 'Run the kit on the host as root: `etcd-medic kit` prints it.' },
  HOST_DOOR_MISSING: { retry: 'never', hint: 'Run the kit on the host as root: `etcd-medic kit` prints it.' },
  HOST_DESCRIPTION_INVALID: { retry: 'never', hint: 'Run the kit on the host as root: it writes /etc/etcd-medic/host.json anew.' },
  HOST_NOT_ALLOWED: { retry: 'never', hint: "Have the host's owner run the kit there with `--allow`, or leave this to them." },
  HOST_PROTOCOL: { retry: 'never', hint: 'Bot and host are not of one version: run the kit of this bot on the host as root.' },
  HOST_PLAN_MOVED: { retry: 'later', hint: 'Nothing was done. Look at what has changed on the host; Retry shows the plan as it is now.' },
  HOST_COMMAND_FAILED: { retry: 'later', hint: 'Read what the command said, correct the cause on the host, then press Retry.' },
  HOST_COMMAND_TIMEOUT: { retry: 'later', hint: 'The command may still be running on the host: look before you press Retry.' },
  HOST_OUTPUT_UNKNOWN: { retry: 'never', hint: 'The host answered in a form that is not known: look at the output in the thread.' },
  HOST_TOOL_MISSING: { retry: 'never', hint: "Install etcd's client tools of the server's version on the host." },
  HOST_DISK_FULL: { retry: 'later', hint: 'Make room on the named file system, then press Retry.' },
  HOST_FENCED: { retry: 'never', hint: 'Another worker carries this run on; nothing needs doing.' },
  HOST_EPOCH_FAILED: {
    retry: 'later',
    hint: "/var/lib/etcd-medic-host on the host must be root's own, be writable and have room. Then press Retry.",
  },
  FENCE_FAILED: { retry: 'later', hint: 'Look at the named hosts: etcd must be stopped and must not come back. Then press Retry.' },
  ARGUMENT_UNSAFE: { retry: 'never', hint: 'The text holds characters that cannot be handed to a host as they are; remove them.' },
  ETCD_UNREACHABLE: { retry: 'later', hint: '`status` shows which members answer.' },
  ETCD_TLS_FAILED: { retry: 'never', hint: "Check ca, cert and key of the cluster in config.yaml against the member's certificate." },
  ETCD_AUTH_FAILED: { retry: 'never', hint: 'Use a client certificate whose CN is a user with the root role.' },
  ETCD_NO_QUORUM: { retry: 'later', hint: 'Fewer than a majority of the voting members answer: see `status`.' },
  ETCD_REQUEST_FAILED: { retry: 'later', hint: 'Read what etcd said, then press Retry.' },
  ETCD_OUTCOME_UNKNOWN: { retry: 'later', hint: 'etcd may be carrying it out still, by itself: look before you press Retry.' },
  ETCD_API_NOT_SERVED: { retry: 'never', hint: 'Start etcd with --enable-v2 (up to 3.5 it has API 2), or leave --v2 away.' },
  REPLACEMENT_REFUSED: { retry: 'never', hint: 'Put right what is named, then ask again.' },
  UNDO_REFUSED: { retry: 'never', hint: 'Nothing was touched; what is kept aside stays where it is.' },
  SNAPSHOT_NOT_FOUND: { retry: 'never', hint: '`backups` lists the snapshots there are.' },
  SNAPSHOT_INVALID: { retry: 'never', hint: 'Choose another snapshot: this file is not whole or is no etcd snapshot.' },
  SLACK_RATE_LIMITED: { retry: 'later', hint: 'Slack asks to wait; the report is sent again by itself.' },
  SLACK_UNREACHABLE: { retry: 'later', hint: 'Slack does not answer; the report is sent again by itself. The terminal works meanwhile.' },
  SLACK_TOKEN_REFUSED: {
    retry: 'later',
    hint: 'Set the named variable to the token that the Slack app shows now, then start etcd-medic again. Reports wait meanwhile.',
  },
  SLACK_REFUSED: { retry: 'never', hint: 'Invite the bot into the channel, and check its scopes against manifest.yml.' },
  GUARD_REFUSED: { retry: 'later', hint: 'Nothing was done at this point. Correct what is named, then press Retry.' },
  STORE_FAILED: { retry: 'later', hint: 'Check the backup directory: its disk, its owner and its mode.' },
} as const satisfies Record<string, CatalogueRow>;

/** One of the codes of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;

interface OpsErrorOptions {
  readonly details?: Readonly<Record<string, unknown>>;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An operation could not be done: says which kind it is, whether to try again, and what the person should do. */
export class OpsError extends Error {
  override readonly name = 'OpsError';
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;

  /**
   * @param code a code of the catalogue
   * @param message one sentence for a person: what could not be done, where, and why; never a secret
   */
  constructor(code: ErrorCode, message: string, { details = {}, hint, cause }: OpsErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retry = errorCatalogue[code].retry;
    this.hint = hint ?? errorCatalogue[code].hint;
    this.details = details;
  }
}

/** Whether something caught is an OpsError, and of one of the given codes when any are given. */
export function isOpsError(error: unknown, ...codes: ErrorCode[]): error is OpsError {
  return error instanceof OpsError && (codes.length === 0 || codes.includes(error.code));
}
