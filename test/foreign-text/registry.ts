/** Every function that takes text of hosts, members, people or Slack. sources.ts finds those that are missing. */
import type { Taker } from './measure.ts';
import { slackTakers } from './slack-takers.ts';
import { terminalTakers } from './terminal-takers.ts';
import { readers } from './readers.ts';
import { cleaners } from './cleaners.ts';

/** All of them. */
export const registry: readonly Taker[] = [...cleaners, ...readers, ...slackTakers, ...terminalTakers];
