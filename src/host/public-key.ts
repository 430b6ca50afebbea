/** The public half of an ssh key, from its private file. */
import { execa } from 'execa';

/** `ssh-keygen -y`; undefined when the file is no key, cannot be read or has a passphrase. */
export async function derivePublicKey(identityFile: string): Promise<string | undefined> {
  const { stdout, exitCode } = await execa('ssh-keygen', ['-y', '-P', '', '-f', identityFile], {
    reject: false,
    stdin: 'ignore',
    timeout: 10_000,
  });
  return exitCode === 0 ? stdout : undefined;
}
