import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareNativeFiles, unprivilegedOwner, type PgMajor } from './native-files.js';

export interface PgServerOptions {
  /** The version to run. Default 18. There are fewer platforms with a 13, and none with another. */
  readonly major?: PgMajor | undefined;
  /** Server settings (`-c name=value`), over the defaults: loopback only, nothing synced to disk. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** The lines of pg_hba.conf. Default: everybody on this machine is trusted. */
  readonly hba?: readonly string[] | undefined;
  /** Also listen on a unix socket, in `socketDir`. Default false. */
  readonly unixSocket?: boolean | undefined;
  /** Told what is going on, for a progress display. */
  readonly onProgress?: ((step: string) => void) | undefined;
}

export interface PgServer extends AsyncDisposable {
  readonly port: number;
  /** `postgres://` address of the superuser's database. */
  readonly url: string;
  /** Of the postmaster. */
  readonly pid: number;
  /** Everything the server writes lies below it. */
  readonly dir: string;
  /** Folder of the unix socket, for `postgres://…?host=<socketDir>`; it exists only with `unixSocket`. */
  readonly socketDir: string;
  /** The last 8 KiB of the server's log. */
  log(): string;
}

/**
 * Starts a throw-away PostgreSQL on a free port of the loopback interface.
 *
 * The server stops and its files go when the result is disposed of, and as well when this process exits, is
 * interrupted or is killed: a guard process waits for its end.
 *
 * @throws {RangeError} If `options.major` is no version that can be had.
 * @throws {Error} If the platform has no binaries of that version or the server does not come up; nothing is left behind.
 * @remarks Cost: about a second, 60 MB of disk.
 */
export async function startServer(options: PgServerOptions = {}): Promise<PgServer> {
  const { major = 18 } = options;
  if (![13, 18].includes(major)) throw new RangeError(`major must be 13 or 18, got ${String(major)}`);
  const owner = unprivilegedOwner();
  const dir = mkdtempSync(join(tmpdir(), 'millrace-pg-'));
  const guard = startGuard(dir);
  try {
    options.onProgress?.('unpacking PostgreSQL');
    const native = prepareNativeFiles(dir, owner, major);
    const run = { ...owner, cwd: dir, env: { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C', TMPDIR: dir } };
    const data = join(dir, 'data');
    options.onProgress?.('creating a database cluster');
    await initCluster(guard, join(native, 'bin/initdb'), data, run);
    if (options.hba !== undefined) writeFileSync(join(data, 'pg_hba.conf'), `${options.hba.join('\n')}\n`);

    const port = await freePort();
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: options.unixSocket === true ? dir : '',
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      ...options.settings,
    };
    options.onProgress?.(`starting the server on port ${port}`);
    // Detached: a Ctrl-C in the terminal reaches only this process, which then ends connections in its own order.
    const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const server = spawn(join(native, 'bin/postgres'), args, {
      ...run,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    watch(guard, server);
    const log = await untilReady(server);
    for (const handle of [server, guard, server.stderr, guard.stdin])
      (handle as unknown as { unref?(): void }).unref?.(); // Bun has none for pipes

    return {
      port,
      pid: server.pid ?? 0,
      dir,
      socketDir: dir,
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      log,
      [Symbol.asyncDispose]: () => stopGuard(guard),
    };
  } catch (error) {
    await stopGuard(guard);
    throw error;
  }
}

/**
 * The guard keeps this process's own user, which may remove both users' files. It reads the pid of each program that is
 * started, until the end of its input, which comes however this process ends; then it stops the last one (SIGINT is a
 * fast shutdown, SIGQUIT the last resort) and removes the files.
 */
function startGuard(dir: string): ChildProcess {
  const script = `
    trap '' INT TERM HUP
    pid=
    while read -r line; do pid=$line; done
    if [ -n "$pid" ] && kill -INT "$pid" 2>/dev/null; then
      tries=0
      while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
        if [ "$tries" -eq 100 ]; then kill -QUIT "$pid" 2>/dev/null; fi
      done
    fi
    rm -rf "$1" || { sleep 1; rm -rf "$1"; }`;
  return spawn('/bin/sh', ['-c', script, 'guard', dir], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

function watch(guard: ChildProcess, child: ChildProcess): void {
  if (child.pid !== undefined) guard.stdin?.write(`${child.pid}\n`);
}

async function stopGuard(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null || guard.signalCode !== null) return;
  const gone = once(guard, 'exit');
  guard.ref();
  guard.stdin?.end();
  await gone;
}

async function initCluster(guard: ChildProcess, initdb: string, data: string, run: object): Promise<void> {
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const child = spawn(initdb, args, { ...run, stdio: ['ignore', 'ignore', 'pipe'] });
  watch(guard, child);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`initdb failed: ${errors.trim()}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Resolves with a reader of the log once the server takes connections; keeps draining the pipe afterwards. */
async function untilReady(server: ChildProcess): Promise<() => string> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-8192);
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => {
      reject(new Error(`PostgreSQL did not start: ${log.trim()}`));
    });
  });
  return () => log;
}
