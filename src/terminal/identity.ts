/** Whom config.yaml says the user of this machine is. The operating system vouches for the user, and for nothing more (docs/terminal.md). */
import { OpsError } from '../errors.ts';
import type { UserId } from '../ids.ts';

/**
 * @param userName asks the operating system; throws when the user has no name
 * @throws OpsError NOT_ALLOWED when nobody says who the user is
 */
export function personOf(terminalUsers: Readonly<Record<string, UserId>> | undefined, userName: () => string): UserId {
  const name = nameOf(userName);
  const user = terminalUsers !== undefined && Object.hasOwn(terminalUsers, name) ? terminalUsers[name] : undefined;
  if (user !== undefined) return user;
  throw new OpsError('NOT_ALLOWED', `config.yaml does not say who ${name} is.`, {
    hint: `Add the line “${name}: <Slack user id>” under terminalUsers in config.yaml.`,
  });
}

function nameOf(userName: () => string): string {
  try {
    return userName();
  } catch (error) {
    throw new OpsError('NOT_ALLOWED', 'The operating system has no name for the user who runs this.', {
      hint: 'Run it as a user that the machine knows and terminalUsers in config.yaml names.',
      cause: error,
    });
  }
}
