import { readdirSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import { type Probe, startProbe } from './probe/start-probe.js';

/** Where the descriptors of a process lead, but for those that were closed while they were looked at. */
function descriptorsOf(pid: number | undefined): readonly (readonly [number, string])[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [[Number(fd), readlinkSync(`${folder}/${fd}`)] as const];
    } catch {
      return [];
    }
  });
}

describe('from inside a sandbox process', () => {
  let probe: Probe;

  beforeAll(async () => {
    probe = await startProbe();
  });
  afterAll(() => probe.stop());

  it('no door opens', () => {
    const open = Object.entries(probe.facts.found).filter(([, end]) => end.startsWith('OPEN'));

    expect(open).toEqual([]);
    expect(Object.keys(probe.facts.found).length).toBeGreaterThan(40);
  });

  it('a guest thread has the language and nothing of Node', () => {
    const { globals, imported } = probe.facts.thread;
    const doors = [
      'process',
      'fetch',
      'setTimeout',
      'queueMicrotask',
      'MessageChannel',
      'performance',
      'eval',
      'global',
    ];

    expect(globals.filter((name) => doors.includes(name))).toEqual([]);
    expect(globals).toContain('WebAssembly');
    expect(imported).toContain('loads no more modules');
  });

  it('a thread that runs components can leave nothing in its own realm', () => {
    expect(probe.facts.thread.changed).toEqual([]);
  });

  it('there is no environment', () => {
    expect(probe.facts.environment).toEqual([]);
    expect(probe.facts.cwd).toBe('/');
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('no descriptor leads anywhere but to the pipes of the host', async () => {
    // Beyond stdio there are only the event loop's own: epoll, eventfd, its pipes, and the null device.
    const known = ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]', 'anon_inode:[io_uring]', 'pipe:[n]', '/dev/null'];
    const others = () =>
      descriptorsOf(probe.child.pid)
        .filter(([fd]) => fd > 2)
        .map(([, target]) => target.replace(/\d+/g, 'n'))
        .filter((target) => !known.includes(target));
    // A slow machine may still have its own code open for a moment.
    await waitFor('nothing else to be open', () => {
      expect(others()).toEqual([]);
      return true;
    });
  });

  onLinux('the signal that starts the inspector does nothing', async () => {
    probe.child.kill('SIGUSR1');

    expect(probe.child.exitCode).toBeNull();
    const sockets = descriptorsOf(probe.child.pid).filter(([, target]) => target.startsWith('socket:'));
    expect(sockets.length).toBeLessThanOrEqual(3);
  });
});
