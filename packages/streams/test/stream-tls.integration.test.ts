import { nodePolicy, TlsError, type Loop } from '@millrace/loop-policy';
import { testCertificates } from '@millrace/loop-policy/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectStreams, listenStreams } from '../src/index.js';
import { decode, encode } from './fake-source.js';

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

describe('streams over TLS', () => {
  test('carry lines from the first byte on', async () => {
    const server = await listenStreams(
      async ({ reader, writer }) => {
        for await (const line of reader.lines()) writer.write(encode(`${line}!\n`));
      },
      ANY_PORT,
      { loop, tls: identity },
    );
    const endpoint = { host: 'localhost', port: server.address.port ?? 0 };
    await using connection = await connectStreams(endpoint, { loop, tls: { ca }, ...LIMIT });
    connection.writer.write(encode('hello\nworld\n'));
    expect(await connection.reader.readLine(LIMIT)).toBe('hello!');
    expect(await connection.reader.readLine(LIMIT)).toBe('world!');
    expect(connection.transport.info.tls?.isVerified).toBe(true);
  });

  test('are lost if the certificate is not the right one', async () => {
    const failures: unknown[] = [];
    const server = await listenStreams(
      async (connection) => {
        await connection.reader.readExactly(1, LIMIT);
        connection.writer.write(encode('S'));
        await connection
          .startTls({ side: 'server', ...testCertificates.stranger, ...LIMIT })
          .catch((error: unknown) => failures.push(error));
      },
      ANY_PORT,
      { loop },
    );
    const connection = await connectStreams(`tcp://127.0.0.1:${server.address.port ?? 0}`, { loop, ...LIMIT });
    connection.writer.write(encode('?'));
    expect(decode(await connection.reader.readExactly(1, LIMIT))).toBe('S');
    const error = await connection
      .startTls({ ca, serverName: 'localhost', ...LIMIT })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TlsError);
    await expect(connection.reader.read()).rejects.toThrow();
    await connection.closed.catch(() => undefined);
    await server.close();
    expect(uncaught).toEqual([]);
  });
});
