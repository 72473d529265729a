import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { FrameCutter, isEncryptionRequest } from '../goldens/frames.mjs';

/**
 * Stands between clients and a server, and notes the messages that pass, in their order.
 *
 * `messages` holds `{ connection, from, bytes }`, with connections counted from 1 and `from` either `F` or `B`.
 */
export class RecordingProxy {
  messages = [];
  #connections = 0;
  #open = new Set();
  #server;

  /** @param {number} port of the server */
  static async start(port) {
    const proxy = new RecordingProxy();
    proxy.#server = createServer((client) => proxy.#relay(client, port)).listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Waits until every connection is closed. */
  async stop() {
    await Promise.all(this.#open);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client, port) {
    const connection = ++this.#connections;
    const server = connect(port, '127.0.0.1');
    const cutters = { F: new FrameCutter('F'), B: new FrameCutter('B') };
    let isAnswerOwed = false;
    const note = (from, frames) => {
      for (const bytes of frames) this.messages.push({ connection, from, bytes: Buffer.from(bytes) });
    };
    client.on('data', (chunk) => {
      const frames = cutters.F.push(chunk);
      isAnswerOwed = frames.some(isEncryptionRequest);
      note('F', frames);
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      note('B', isAnswerOwed ? [cutters.B.pushAnswer(chunk)] : cutters.B.push(chunk));
      isAnswerOwed = false;
      client.write(chunk);
    });
    client.on('end', () => server.end());
    server.on('end', () => client.end());
    const closed = Promise.all([once(client, 'close'), once(server, 'close')]);
    this.#open.add(closed);
  }
}
