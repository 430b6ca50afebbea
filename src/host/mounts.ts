/** Whether a path is a mount point, read from the kernel and not guessed from device numbers: a bind mount has the same. */

/** The kernel's list of mounts (proc_pid_mountinfo(5)). */
export const mountInfoPath = '/proc/self/mountinfo';

/** @param mountInfo the content of /proc/self/mountinfo; its fifth field is the mount point, with octal escapes */
export function isMountPoint(path: string, mountInfo: string): boolean {
  return mountInfo.split('\n').some((line) => {
    const point = line.split(' ')[4];
    return (
      point !== undefined &&
      point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8))) === path
    );
  });
}
