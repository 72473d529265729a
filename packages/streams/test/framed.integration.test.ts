import { struct, u16, u32, utf8 } from '@millrace/codecs';
import { ConnectionLostError, nodePolicy, type Loop } from '@millrace/loop-policy';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectStreams, framed, FramedError, listenStreams, type Framed, type StreamHandler } from '../src/index.js';
import { failure } from './stream-pair.js';

const message = struct({ id: u32, text: utf8(u16) });
interface Message {
  readonly id: number;
  readonly text: string;
}

let loop: Loop;
let uncaught: unknown[];

beforeEach(() => {
  loop = nodePolicy.newLoop();
  uncaught = [];
  loop.onUncaught((error) => uncaught.push(error));
});

afterEach(() => loop.close());

async function serve(handler: StreamHandler) {
  const server = await listenStreams(handler, 'tcp://127.0.0.1:0', { loop });
  const endpoint = `tcp://127.0.0.1:${server.address.port ?? 0}`;
  return { server, connect: () => connectStreams(endpoint, { loop }) };
}

describe('framed, over sockets', () => {
  test('echoes a hundred thousand values, and both ends are done', async () => {
    const { server, connect } = await serve(async (connection) => {
      await using messages = framed(connection, message);
      for await (const each of messages) await messages.send(each);
    });
    const client = framed(await connect(), message);
    const sending = (async () => {
      for (let id = 0; id < 100_000; id++) await client.send({ id, text: 'hello' });
      client.endSending();
    })();
    let next = 0;
    for await (const { id, text } of client) {
      if (id !== next || text !== 'hello') throw new Error(`expected ${next}, saw ${id} ${text}`);
      next += 1;
    }
    await sending;
    expect(next).toBe(100_000);
    await client.close();
    await server.close();
    expect([loop.metrics().openConnections, uncaught]).toEqual([0, []]);
  });

  test('sends what a handler sent before it returned', async () => {
    const { connect } = await serve((connection) => {
      void framed(connection, message).send({ id: 1, text: 'and out' });
    });
    const client = framed(await connect(), message);
    expect(await client.receive()).toEqual({ id: 1, text: 'and out' });
    expect(await client.receive()).toBeUndefined();
    await client.close();
    expect(uncaught).toEqual([]);
  });

  test('ends the loops of handlers when the server is closed, and nobody is cut', async () => {
    const { server, connect } = await serve(async (connection) => {
      const messages = framed(connection, message);
      for await (const each of messages) await messages.send(each);
    });
    const client = framed(await connect(), message);
    await client.send({ id: 1, text: 'a' });
    expect(await client.receive()).toEqual({ id: 1, text: 'a' });
    const closing = server.close();
    expect(await client.receive()).toBeUndefined();
    await client.close();
    expect(await closing).toMatchObject({ drained: 1, cut: 0 });
    expect(uncaught).toEqual([]);
  });

  test('tells handlers of a peer that is gone, and the loop of bytes that are no values, once', async () => {
    const told: unknown[] = [];
    const { connect } = await serve(async (connection) => {
      const messages: Framed<Message> = framed(connection, message);
      try {
        for await (const each of messages) await messages.send(each);
      } catch (error) {
        told.push(error);
        throw error;
      }
    });
    const gone = await connect();
    gone.abort();
    while (told.length < 1) await new Promise(setImmediate);
    expect(told[0]).toBeInstanceOf(ConnectionLostError);
    expect(uncaught).toEqual([]);
    const cut = await connect();
    cut.writer.write(Uint8Array.of(0, 0));
    cut.writer.writeEof();
    expect(await failure(cut.reader.readExactly(1))).toBeInstanceOf(Error);
    await new Promise(setImmediate);
    expect(told[1]).toBeInstanceOf(FramedError);
    expect(uncaught).toEqual([told[1]]);
    cut.abort();
  });
});
