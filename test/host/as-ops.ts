/** What sudo would let the bot's user do on a lab's host. */
import { quoteArgv } from '../../src/host/quoting.ts';
import type { Answer, Lab } from '../lab/lab.ts';

/** Asks sudo whether it would allow a command; runs nothing. Exit code 0: it would. */
export function mayRun(lab: Lab, argv: readonly string[]): Promise<Answer> {
  const question = `sudo -n -l ${quoteArgv(argv)}`;
  return lab
    .host('etcd01')
    .exec(['setpriv', '--reuid', 'etcdops', '--regid', 'etcdops', '--clear-groups', 'sh', '-c', question], { reject: false });
}
