import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ListenError, LoopClosedError, nodePolicy, type Loop } from '../src/index.js';
import { testCertificates } from '../src/testing/certificates.js';
import { pattern, Recorder } from './recorder.js';

let loop: Loop;
const children: ChildProcess[] = [];
beforeEach(() => {
  loop = nodePolicy.newLoop();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await loop.close();
});

/** The beginning of every script: an echo server, commands on standard input, answers on standard output. */
const PRELUDE = `
  import { getLoop } from '@millrace/loop-policy';
  const loop = getLoop();
  class Echo {
    connectionMade(transport) { this.transport = transport; }
    dataReceived(chunk) { this.transport.write(chunk); }
    eofReceived() {} pauseWriting() {} resumeWriting() {} connectionLost() {}
  }
  const say = (value) => console.log(JSON.stringify(value));
  const commands = {};
  process.stdin.on('data', (data) => { for (const name of String(data).trim().split('\\n')) commands[name](); });
`;

/** Another process, which says one JSON value per line. */
interface Actor {
  say(command: string): void;
  next(): Promise<unknown>;
}

function act(script: string, shell?: string, fd?: number): Actor {
  const args = ['--input-type=module', '-e', PRELUDE + script];
  const [command, all] =
    shell === undefined
      ? [process.execPath, args]
      : ['sh', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...args]];
  const child = start(command, all, fd);
  const lines = readLines(child);
  return {
    say: (name) => child.stdin?.write(`${name}\n`),
    next: async () => JSON.parse(String((await lines.next()).value)) as unknown,
  };
}

function start(command: string, args: readonly string[], fd?: number): ChildProcess {
  const child = spawn(command, args, {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['pipe', 'pipe', 'inherit', ...(fd === undefined ? [] : [fd])],
  });
  children.push(child);
  return child;
}

function readLines(child: ChildProcess): AsyncIterator<string> {
  if (child.stdout === null) throw new Error('expected a pipe');
  const lines: Interface = createInterface(child.stdout);
  return lines[Symbol.asyncIterator]();
}

/** What a plain client is answered, or the way in which its connection ends. */
async function ask(port: number, text = 'hello'): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  socket.write(text);
  const answer = await Promise.race([
    once(socket, 'data').then(([data]) => String(data)),
    once(socket, 'close').then(() => 'closed'),
  ]).catch((error: unknown) => (error as { code?: string }).code ?? 'failed');
  socket.destroy();
  return answer;
}

test('a server without file descriptors for more connections goes on with those it has, and accepts again', async () => {
  const actor = act(
    `import { closeSync, openSync } from 'node:fs';
     const server = await loop.listen(() => new Echo(), 'tcp://127.0.0.1:0');
     const taken = [];
     commands.take = () => { try { for (;;) taken.push(openSync('/dev/null')); } catch (error) { say(error.code); } };
     commands.free = () => { for (const fd of taken) closeSync(fd); say('freed'); };
     say(server.address.port);`,
    'ulimit -n 64',
  );
  const port = (await actor.next()) as number;
  const first = net.connect(port, '127.0.0.1');
  first.write('one');
  await once(first, 'data');
  actor.say('take');
  expect(await actor.next()).toBe('EMFILE');
  expect(await ask(port)).not.toBe('hello'); // the system ends it, for us to have less to do
  first.write('two');
  expect(String((await once(first, 'data'))[0])).toBe('two');
  actor.say('free');
  await actor.next();
  expect(await ask(port)).toBe('hello');
  first.destroy();
});

test('a socket that listens already is taken over by its file descriptor', async () => {
  if (process.platform !== 'linux') return; // elsewhere there is no public way to learn a socket's number
  const sockets = (): string[] =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
      } catch {
        return false; // the folder's own, which is closed by now
      }
    });
  const before = sockets();
  const listening = net.createServer();
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as net.AddressInfo;
  const [fd] = sockets().filter((each) => !before.includes(each));
  const actor = act(
    `const server = await loop.listen(() => new Echo(), { fd: 3 });
     commands.close = async () => say(await server.close());
     say(server.address.port);`,
    undefined,
    Number(fd),
  );
  expect(await actor.next()).toBe(port);
  listening.close(); // the other process has it
  expect(await ask(port)).toBe('hello');
  actor.say('close');
  expect(await actor.next()).toMatchObject({ cut: 0 });
  expect(await ask(port)).toBe('ECONNREFUSED');
});

test('workers of a cluster share a port, and have one each with `exclusive`', async () => {
  for (const kind of ['shared', 'exclusive']) {
    const child = start(process.execPath, [join(import.meta.dirname, 'fixtures/cluster-server.mjs'), kind]);
    const lines = readLines(child);
    const [one, two] = JSON.parse(String((await lines.next()).value)) as [number, number];
    expect(one === two).toBe(kind === 'shared');
    expect([await ask(one), await ask(two)]).toEqual(['hello', 'hello']);
    child.stdin?.end();
    const [report] = JSON.parse(String((await lines.next()).value)) as unknown[];
    expect(report).toMatchObject({ cut: 0 });
    await once(child, 'exit');
  }
});

test('reusePort lets two servers share a port, or is refused where Node cannot', async () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isKnown = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
  const listen = (port: number) => loop.listen(() => new Recorder(), { host: '127.0.0.1', port }, { reusePort: true });
  if (!isKnown) {
    const error: unknown = await listen(0).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ reason: 'ENOTSUP' });
    expect((error as Error).message).toContain('reusePort needs Node');
    return;
  }
  const { port } = (await listen(0)).address;
  await listen(port ?? 0);
  expect(loop.metrics().openServers).toBe(2);
});

test('refuses options out of their range before it listens', async () => {
  for (const options of [{ backlog: 0 }, { backlog: 1.5 }, { keepAliveMs: -1 }, { keepAliveMs: NaN }]) {
    await expect(loop.listen(() => new Recorder(), 'tcp://127.0.0.1:0', options)).rejects.toBeInstanceOf(RangeError);
  }
  await expect(loop.listen(() => new Recorder(), 'tcp://127.0.0.1:0', { tls: {} })).rejects.toBeInstanceOf(TypeError);
  expect(loop.metrics().openServers).toBe(0);
});

test('takes a backlog and keep-alive', async () => {
  const server = await loop.listen(() => new Recorder(), 'tcp://127.0.0.1:0', { backlog: 1, keepAliveMs: 1000 });
  await loop.connect(() => new Recorder(), { host: '127.0.0.1', port: server.address.port ?? 0 });
});

test('a loop that is closed while a server is being started has none', async () => {
  const listening = loop.listen(() => new Recorder(), 'tcp://127.0.0.1:0').catch((error: unknown) => error);
  await loop.close();
  expect(await listening).toBeInstanceOf(LoopClosedError);
  expect(loop.metrics().openServers).toBe(0);
});

test('a factory that closes its own server finishes that connection, too', async () => {
  const accepted = new Recorder({
    onMade: (transport) => {
      transport.write(pattern(10));
    },
  });
  const server = await loop.listen(() => {
    void server.close();
    return accepted;
  }, 'tcp://127.0.0.1:0');
  const { protocol } = await loop.connect(() => new Recorder(), { host: '127.0.0.1', port: server.address.port ?? 0 });
  await protocol.lost;
  expect(protocol.byteCount).toBe(10);
  expect((await server.closed).cut).toBe(0);
});

test('close() breaks off TLS handshakes, which have no protocol yet, and waits for the others', async () => {
  const { server: own, ca } = testCertificates;
  const accepted: Recorder[] = [];
  const factory = (): Recorder => {
    accepted.push(new Recorder());
    return accepted.at(-1) ?? new Recorder();
  };
  const server = await loop.listen(factory, 'tcp://127.0.0.1:0', { tls: own });
  const address = { host: '127.0.0.1', port: server.address.port ?? 0 };
  const silent = await loop.connect(() => new Recorder(), address);
  const client = await loop.connect(() => new Recorder(), address, { tls: { ca } });
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  client.transport.write(pattern(10));
  await accepted[0]?.until(() => accepted[0]?.byteCount === 10);
  expect(server.connectionCount).toBe(1);
  expect(await server.close()).toEqual({ drained: 1, cut: 0, cutPeers: [] });
  await Promise.all([silent.protocol.lost, client.protocol.lost]);
  expect(accepted).toHaveLength(1);
});

test('a descriptor that is no socket is a ListenError', async () => {
  const fd = openSync(import.meta.filename, 'r');
  try {
    const error: unknown = await loop.listen(() => new Recorder(), { fd }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ endpoint: `fd:${fd}`, cause: expect.any(Error) as Error });
    expect(loop.metrics().openServers).toBe(0);
  } finally {
    closeSync(fd);
  }
});
