import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

const dist = join(import.meta.dirname, '../dist');
let server: ChildProcess | undefined;
afterEach(() => server?.kill('SIGKILL'));

async function start(...args: string[]): Promise<string> {
  server = spawn(process.execPath, [join(dist, 'main.js'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(server.stdout!, 'data')) as [Buffer];
  return line.toString().trim().replace('listening on ', '');
}

async function load(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(dist, 'load.js'), ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

describe('echo-server', () => {
  test.each([['1'], ['1024'], ['300000']])('echoes messages of %s bytes unchanged', async (bytes) => {
    const address = await start('--listen', 'tcp://127.0.0.1:0');
    const { code, output } = await load(address, '--bytes', bytes, '--seconds', '0.2');
    expect(output).toMatch(/^[\d,]+ messages\/s: /);
    expect(code).toBe(0);
  });

  test('gives a client everything it is owed before a SIGTERM ends it with code 0', async () => {
    const address = new URL(await start('--listen', 'tcp://127.0.0.1:0'));
    const client = connect(Number(address.port), address.hostname);
    const sent = Buffer.alloc(1 << 20, 'x');
    client.write(sent);
    await once(client, 'readable');
    server!.kill('SIGTERM');
    let received = 0;
    client.on('data', (chunk: Buffer) => (received += chunk.length));
    const [code] = (await once(server!, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(received).toBeGreaterThan(0);
    client.destroy();
  });

  test('says what is wrong with its arguments', async () => {
    const { code, output } = await load('--connections', 'many');
    expect(output).toMatch(/usage:/);
    expect(code).toBe(2);
  });

  test('the load client fails when there is no server', async () => {
    const { code, output } = await load('tcp://127.0.0.1:1');
    expect(output).toMatch(/127\.0\.0\.1/);
    expect(code).toBe(1);
  });
});
