import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { testCertificates } from '@millrace/loop-policy/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const dist = join(import.meta.dirname, '../dist');
const loopPolicy = join(import.meta.dirname, '../node_modules/@millrace/loop-policy/dist/index.js');
const folder = mkdtempSync(join(tmpdir(), 'millrace-echo-'));
const file = (name: string): string => join(folder, name);
let server: ChildProcess | undefined;
let output = '';

beforeAll(() => {
  writeFileSync(file('ca.pem'), testCertificates.ca);
  writeFileSync(file('cert.pem'), testCertificates.server.cert);
  writeFileSync(file('key.pem'), testCertificates.server.key);
});
afterEach(async () => {
  if (server?.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Starts a server; says where it listens once all of its processes do. */
async function start(...args: string[]): Promise<string> {
  output = '';
  const child = spawn(process.execPath, [join(dist, 'main.js'), '--grace-ms', '1000', ...args]);
  server = child;
  const workers = Number(/--cluster=(\d)/.exec(args.join(' '))?.[1] ?? 1);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit').then(() => expect.fail(`the server ended:\n${output}`));
  ended.catch(() => undefined); // later, it may
  while (output.split('listening on ').length <= workers) await Promise.race([once(child.stdout, 'data'), ended]);
  return /listening on (\S+)/.exec(output)?.[1] ?? expect.fail(output);
}

async function load(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(dist, 'load.js'), ...args]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: said };
}

/** Ends the server, with all that it has to say. */
async function end(): Promise<{ code: number | null; output: string }> {
  const child = server ?? expect.fail('no server');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

const REPORT =
  /^[\d,]+ messages\/s; [\d.]+ MB\/s each way; p50 [\d.]+ ms, p99 [\d.]+ ms, p99\.9 [\d.]+ ms; [\d,]+ messages of/;

describe.each(['protocol', 'streams', 'sockets'])('an echo server in the %s style', (style) => {
  test.each([
    ['1', '1'],
    ['1024', '16'],
    ['300000', '2'],
  ])('echoes messages of %s bytes unchanged, %s at once', async (bytes, depth) => {
    const address = await start('--style', style, '--listen', 'tcp://127.0.0.1:0');
    const { code, output: report } = await load(address, '--bytes', bytes, '--depth', depth, '--seconds', '0.2');
    expect(report).toMatch(REPORT);
    expect(code).toBe(0);
  });

  test('serves a unix socket, and TLS', async () => {
    const path = await start('--style', style, '--listen', `unix:${file(`${style}.sock`)}`);
    expect((await load(path, '--seconds', '0.1')).output).toMatch(REPORT);
    expect((await end()).code).toBe(0);

    const tls = ['--tls-cert', file('cert.pem'), '--tls-key', file('key.pem')];
    const address = await start('--style', style, '--listen', 'tcp://127.0.0.1:0', ...tls);
    const secure = await load(address, '--seconds', '0.1', '--bytes', '50000', '--tls-ca', file('ca.pem'));
    expect(secure.output).toMatch(REPORT);
    expect((await load(address, '--seconds', '0.1')).code).toBe(1);
  });

  test('cuts nobody who is under way when a SIGTERM ends it', async () => {
    const address = await start('--style', style, '--listen', 'tcp://127.0.0.1:0');
    const clients = Array.from({ length: 20 }, () => {
      const client = connect(Number(new URL(address).port), '127.0.0.1');
      const state = { client, sent: 0, received: 0, isEnded: false };
      const send = (): void => void (client.write(Buffer.alloc(1000, 'x')), (state.sent += 1000));
      client.on('connect', send);
      client.on('data', (chunk: Buffer) => {
        state.received += chunk.length;
        if (state.received === state.sent) send();
      });
      client.on('end', () => (state.isEnded = true));
      client.on('error', () => undefined); // a reset after the end, of what was still being sent
      return state;
    });
    while (clients.some(({ received }) => received < 20_000)) await once(clients[0]!.client, 'data');
    const { code, output: said } = await end();
    expect(said).toMatch(/closed: 20 connections drained, 0 cut/);
    expect(code).toBe(0);
    expect(clients.map(({ isEnded }) => isEnded)).toEqual(clients.map(() => true));
  });

  test('refuses clients over its limit, and serves those below', async () => {
    const address = await start('--style', style, '--listen', 'tcp://127.0.0.1:0', '--max-connections', '2');
    expect((await load(address, '--connections', '3', '--seconds', '0.2')).code).toBe(1);
    expect((await load(address, '--connections', '2', '--seconds', '0.1')).code).toBe(0);
  });
});

describe('echo-server', () => {
  test('gives a client everything it is owed before a SIGTERM ends it', async () => {
    const address = new URL(await start('--listen', 'tcp://127.0.0.1:0'));
    const client = connect(Number(address.port), address.hostname);
    client.write(Buffer.alloc(1 << 20, 'x'));
    await once(client, 'readable');
    let received = 0;
    client.on('data', (chunk: Buffer) => (received += chunk.length));
    expect((await end()).code).toBe(0);
    expect(received).toBeGreaterThan(0);
    client.destroy();
  });

  test('spreads over processes, and ends all of them', async () => {
    const address = await start('--cluster=2', '--listen', 'tcp://127.0.0.1:0');
    expect((await load(address, '--connections', '8', '--seconds', '0.2')).output).toMatch(REPORT);
    const { code, output: said } = await end();
    expect(said.match(/listening on/g)).toHaveLength(2);
    expect(said.match(/closed: /g)).toHaveLength(2);
    expect(code).toBe(0);
  });

  test('takes its loop from another module', async () => {
    writeFileSync(
      file('policy.mjs'),
      `import { nodePolicy } from ${JSON.stringify(pathToFileURL(loopPolicy).href)};
      export const loud = { ...nodePolicy, name: 'loud', getLoop: () => (console.log('my loop'), nodePolicy.getLoop()) };`,
    );
    const address = await start('--policy', `${file('policy.mjs')}#loud`, '--listen', 'tcp://127.0.0.1:0');
    expect(output).toMatch(/my loop/);
    expect((await load(address, '--seconds', '0.1')).code).toBe(0);
  });

  test('shows what happens', async () => {
    const address = await start('--statistics', '--listen', 'tcp://127.0.0.1:0');
    expect((await load(address, '--seconds', '1.2')).code).toBe(0);
    expect(output).toMatch(
      /\d+ connections \(4 since the start\) \| in [\d.]+[KM]?B\/s \| out [\d.]+[KM]?B\/s \| .* lag [\d.]+ ms/,
    );
  });

  test.each([
    [['--style', 'fast'], /expected --style to be protocol, streams, sockets, got fast/],
    [['--tls-cert', 'x.pem'], /--tls-cert and --tls-key together/],
    [['--grace-ms', 'soon'], /expected --grace-ms to be a whole number, got soon/],
    [['--cluster=0.5'], /expected --cluster to be a whole number, got 0.5/],
    [['--policy', 'no-such-module'], /no-such-module/],
    [['--listen', 'tcp://256.0.0.1:x'], /expected an address like/],
    [['--loud'], /loud/],
  ])('says what is wrong with %j', async (args, message) => {
    const child = spawn(process.execPath, [join(dist, 'main.js'), ...args]);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(said).toMatch(message);
    expect(said).toMatch(/usage: echo-server/);
    expect(code).toBe(2);
  });

  test('the load client says what is wrong with its arguments, and fails where there is no server', async () => {
    const bad = await load('--connections', 'many');
    expect(bad.output).toMatch(/usage:/);
    expect(bad.code).toBe(2);
    const nobody = await load('tcp://127.0.0.1:1');
    expect(nobody.output).toMatch(/127\.0\.0\.1/);
    expect(nobody.code).toBe(1);
  });
});
