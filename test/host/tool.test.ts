/** The choice of the tool that restores. */
import { describe, expect, it } from 'vitest';
import { chooseTool, parseServerVersion } from '../../src/host/tool.ts';

const none = { exitCode: 127, stdout: '', stderr: '/bin/sh: 1: etcdutl: not found' };
const version = (program: string, number: string) => ({
  exitCode: 0,
  stdout: `${program} version: ${number}\nAPI version: ${number.slice(0, 3)}\n`,
  stderr: '',
});
const oldHelp = { exitCode: 0, stdout: '--data-dir="" Path to the data directory', stderr: '' };
const newHelp = { exitCode: 0, stdout: '--bump-revision=0 --data-dir="" --mark-compacted[=false]', stderr: '' };
const noRestore = { exitCode: 0, stdout: 'NAME: snapshot - Manages etcd node snapshots', stderr: '' };

describe('chooseTool', () => {
  it('takes etcdctl where there is no etcdutl', () => {
    expect(chooseTool('etcd01', [none, none, version('etcdctl', '3.4.23'), oldHelp], '3.4.23')).toEqual({
      program: 'etcdctl',
      version: '3.4.23',
      canBumpRevision: false,
    });
  });

  it('takes etcdutl before etcdctl', () => {
    expect(chooseTool('etcd01', [version('etcdutl', '3.5.16'), newHelp, version('etcdctl', '3.5.16'), newHelp], '3.5.16')).toEqual({
      program: 'etcdutl',
      version: '3.5.16',
      canBumpRevision: true,
    });
  });

  it('passes over a tool of another minor version than the server', () => {
    expect(chooseTool('etcd01', [version('etcdutl', '3.6.1'), newHelp, version('etcdctl', '3.4.40'), newHelp], '3.4.23')).toMatchObject({
      program: 'etcdctl',
      version: '3.4.40',
    });
  });

  it('passes over an etcdctl that cannot restore any more', () => {
    expect(() => chooseTool('etcd01', [none, none, version('etcdctl', '3.6.1'), noRestore], '3.6.1')).toThrow(
      expect.objectContaining({ code: 'HOST_TOOL_MISSING' }),
    );
  });

  it('says which there are when none fits', () => {
    expect(() => chooseTool('etcd01', [version('etcdutl', '3.6.1'), newHelp, none, none], '3.5.16')).toThrow(
      'etcd01 runs etcd 3.5.16 and has etcdutl 3.6.1',
    );
  });
});

describe('parseServerVersion', () => {
  it('reads etcd --version', () => {
    expect(parseServerVersion('etcd Version: 3.4.23\nGit SHA: Not provided\n')).toBe('3.4.23');
    expect(parseServerVersion('bash: etcd: command not found')).toBeUndefined();
  });
});
