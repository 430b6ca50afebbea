/** No sudo. */
import type { SiteDifference } from '../site.ts';

export const rootSsh: SiteDifference = {
  about: 'no sudo on the hosts; the bot logs in as root, with a key that has a command (PermitRootLogin forced-commands-only)',
  ssh: { user: 'root', sudo: false },
  // sshd_config(5): the first value counts, and files are read in the order of their names.
  files: [{ path: '/etc/ssh/sshd_config.d/00-root.conf', text: 'PermitRootLogin forced-commands-only\n' }],
  absent: ['/usr/bin/sudo', '/usr/sbin/visudo', '/etc/sudoers', '/etc/sudoers.d'],
};
