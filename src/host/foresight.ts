/** Looks that hang on each other (a unit, the files it names, the program it starts) in one session, where the last time tells what will be asked. */
import { isOpsError } from '../errors.ts';
import type { HostCommand } from './command.ts';
import type { Answer, Session, Shell } from './shell.ts';

/** What is asked once the unit is known: the files it names, the program it starts, the group of its user. */
export type Topic = 'settings' | 'program' | 'owner';

/** One picture of a host. Its first session brings all that is foreseen along; what was not foreseen costs one more. */
export interface Moment {
  /** A shell for the looks about one topic: what was answered in this moment is not asked again. */
  about(topic: Topic): Shell;
}

/** Foresees nothing that changes anything, and believes nothing of before: every answer is of the moment. */
export function createForesight(shell: Shell): (...topics: readonly Topic[]) => Moment {
  const foreseen = new Map<Topic, readonly HostCommand[]>();
  return (...topics) => {
    const answers = new Map<string, Answer>();
    const asked = new Map<Topic, readonly HostCommand[]>();
    let begun: Session | undefined;
    const add = (commands: readonly HostCommand[], session: Session) => {
      for (const [index, command] of commands.entries()) answers.set(keyOf(command), session.answers[index] as Answer);
      return session;
    };
    const begin = async (commands: readonly HostCommand[], options: Parameters<Shell['session']>[1]) => {
      const more = topics.flatMap((topic) => foreseen.get(topic) ?? []);
      try {
        return add([...commands, ...more], await shell.session([...commands, ...more], options));
      } catch (error) {
        // What was foreseen may be there no longer; without it nothing is lost but a session.
        const mayAgain = more.length > 0 && !commands.some(({ changes }) => changes);
        if (!mayAgain || !isOpsError(error, 'HOST_COMMAND_FAILED', 'HOST_TOOL_MISSING', 'HOST_SUDO_REFUSED')) throw error;
        foreseen.clear();
        return add(commands, await shell.session(commands, options));
      }
    };
    const about = (topic: Topic): Shell => {
      const session: Shell['session'] = async (commands, options) => {
        if (begun === undefined) {
          begun = await begin(commands, options);
          return { ...begun, answers: begun.answers.slice(0, commands.length) };
        }
        asked.set(topic, [...(asked.get(topic) ?? []), ...commands]);
        foreseen.set(topic, asked.get(topic) ?? []);
        const open = commands.filter((command) => command.changes || !answers.has(keyOf(command)));
        if (open.length > 0) add(open, await shell.session(open, options));
        return { answers: commands.map((command) => answers.get(keyOf(command)) as Answer), clockOffsetMs: begun.clockOffsetMs };
      };
      return { ...shell, session, run: async (command, options) => (await session([command], options)).answers[0] as Answer };
    };
    return { about };
  };
}

function keyOf({ as, argv }: HostCommand): string {
  return JSON.stringify([as, argv]);
}
