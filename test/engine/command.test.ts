import { describe, expect, it } from 'vitest';
import { renderCommand } from '../../src/engine/command.ts';

describe('renderCommand', () => {
  it.each([
    [['systemctl', 'stop', 'etcd'], 'etcd01$ systemctl stop etcd'],
    [['echo', ''], "etcd01$ echo ''"],
    [['echo', "it's $(x)"], "etcd01$ echo 'it'\\''s $(x)'"],
  ])('shows %j as it would be typed', (argv, shown) => {
    expect(renderCommand({ on: 'etcd01', argv })).toBe(shown);
  });
});
