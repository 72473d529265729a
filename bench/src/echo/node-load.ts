import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { patternAt, verifyPattern } from './pattern.js';

/** What a load is to send, and where to. */
export interface LoadOptions {
  /** `tcp:<port>` or `unix:<path>`. */
  readonly target: string;
  /** Size of a message. */
  readonly bytes: number;
  readonly connections: number;
  /** Messages on their way on each connection. */
  readonly depth: number;
}

/** The load where there is no C compiler: slower than most servers, so that these wait for it. */
export class NodeLoad {
  private readonly _connections: readonly LoadConnection[];

  private constructor(connections: readonly LoadConnection[]) {
    this._connections = connections;
  }

  static async connect({ target, bytes, connections, depth }: LoadOptions): Promise<NodeLoad> {
    const made: LoadConnection[] = [];
    for (let i = 0; i < connections; i++) {
      const socket = target.startsWith('unix:')
        ? connect({ path: target.slice('unix:'.length) })
        : connect({ port: Number(target.slice('tcp:'.length)), host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      made.push(new LoadConnection(socket, bytes, depth, i * 7919));
    }
    return new NodeLoad(made);
  }

  /**
   * Sends that many messages, spread over the connections, and waits until they are back.
   *
   * @throws {Error} If a connection is lost, or other bytes come back.
   */
  async run(messages: number): Promise<void> {
    const { length } = this._connections;
    await Promise.all(
      this._connections.map((connection, i) =>
        connection.run(Math.floor(messages / length) + (i < messages % length ? 1 : 0)),
      ),
    );
  }

  close(): void {
    for (const connection of this._connections) connection.close();
  }
}

class LoadConnection {
  private readonly _socket: Socket;
  private readonly _bytes: number;
  private readonly _depth: number;
  private readonly _seed: number;
  // positions in the connection's stream
  private _sent = 0;
  private _received = 0;
  private _target = 0;
  private _waiting: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  private _failure: unknown;

  constructor(socket: Socket, bytes: number, depth: number, seed: number) {
    this._socket = socket;
    this._bytes = bytes;
    this._depth = depth;
    this._seed = seed;
    socket.on('data', (chunk) => {
      this._receive(chunk);
    });
    socket.on('error', (error) => {
      this._fail(error);
    });
    socket.on('close', () => {
      this._fail(new Error(`a connection was closed at byte ${this._received}`));
    });
  }

  run(messages: number): Promise<void> {
    if (messages === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this._waiting = { resolve, reject };
      this._target += messages * this._bytes;
      if (this._failure === undefined) this._sendWhatMay();
      else this._fail(this._failure);
    });
  }

  close(): void {
    this._socket.destroy();
  }

  private _sendWhatMay(): void {
    const begun = Math.floor(this._received / this._bytes) + this._depth;
    const end = Math.min(begun * this._bytes, this._target);
    while (this._sent < end) {
      const piece = patternAt(this._seed + this._sent, end - this._sent);
      this._sent += piece.length;
      this._socket.write(piece);
    }
  }

  private _receive(chunk: Uint8Array): void {
    try {
      verifyPattern(chunk, this._seed + this._received);
      this._received += chunk.length;
      if (this._received > this._sent) throw new Error('more came back than was sent');
    } catch (error) {
      this._fail(error);
      return;
    }
    if (this._received < this._target) this._sendWhatMay();
    else this._waiting?.resolve();
  }

  private _fail(error: unknown): void {
    this._failure ??= error;
    this._waiting?.reject(this._failure);
    this._socket.destroy();
  }
}
