// Node alone: the node loop's startTls() of a server does not work on Deno, as the list of loop-policy's conformance says.
import { nodePolicy, type Loop } from '@millrace/loop-policy';
import { testCertificates } from '@millrace/loop-policy/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectStreams, listenStreams } from '../src/index.js';
import { encode } from './fake-source.js';

const ANY_PORT = 'tcp://127.0.0.1:0';
const { ca, server: identity } = testCertificates;
const LIMIT = { timeoutMs: 20_000 };
let loop: Loop;
let uncaught: unknown[];

beforeEach(() => {
  loop = nodePolicy.newLoop();
  uncaught = [];
  loop.onUncaught((error) => uncaught.push(error));
});

afterEach(async () => {
  await loop.close();
});

describe('streams that change to TLS', () => {
  test('begin in the middle of a connection, at both ends', async () => {
    const server = await listenStreams(
      async (connection) => {
        const { reader, writer } = connection;
        writer.write(encode(`ready for ${(await reader.readLine(LIMIT)) ?? 'nobody'}\n`));
        await connection.startTls({ side: 'server', ...identity, ...LIMIT });
        writer.write(encode(`secret of ${(await reader.readLine(LIMIT)) ?? 'nobody'}\n`));
      },
      ANY_PORT,
      { loop },
    );
    const connection = await connectStreams(`tcp://127.0.0.1:${server.address.port ?? 0}`, { loop, ...LIMIT });
    const { reader, writer } = connection;
    writer.write(encode('tls\n'));
    expect(await reader.readLine(LIMIT)).toBe('ready for tls');
    const starting = connection.startTls({ ca, serverName: 'localhost', ...LIMIT });
    writer.write(encode('mine\n'));
    await starting;
    expect(connection.transport.info.tls?.isVerified).toBe(true);
    expect(await reader.readLine(LIMIT)).toBe('secret of mine');
    expect(await reader.read(undefined, LIMIT)).toBeUndefined();
    await connection.close(LIMIT);
    expect(uncaught).toEqual([]);
  });
});
