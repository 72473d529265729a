// A connection to a real server whose messages of authentication a test writes and reads itself.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { concat, cstring, int32, message } from './wire.js';

const SSL_REQUEST = 80877103;

export interface Received {
  readonly type: string;
  readonly payload: Buffer;
}

export class SaslSocket implements AsyncDisposable {
  #socket: Socket;
  #held: Buffer = Buffer.alloc(0);
  #error: unknown;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** In cleartext. */
  static async open(port: number): Promise<SaslSocket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new SaslSocket(socket);
  }

  /** Over TLS; `undefined` where the server does none. */
  static async openTls(port: number): Promise<SaslSocket | undefined> {
    const sasl = await SaslSocket.open(port);
    sasl.#socket.write(int32(8, SSL_REQUEST));
    if ((await sasl.#take(1)).toString() !== 'S') {
      await sasl[Symbol.asyncDispose]();
      return undefined;
    }
    const secure = connectTls({ socket: sasl.#socket, rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    sasl.#socket = secure;
    sasl.#listen();
    return sasl;
  }

  /** The certificate of the server, in DER. */
  get certificate(): Uint8Array {
    if (!(this.#socket instanceof TLSSocket)) throw new Error('no TLS');
    return this.#socket.getPeerCertificate().raw;
  }

  start(user: string): void {
    const payload = concat(int32(0x30000), cstring('user', user, 'database', 'postgres', ''));
    this.#socket.write(concat(int32(payload.length + 4), payload));
  }

  write(...parts: readonly Uint8Array[]): void {
    this.#socket.write(message('p', ...parts));
  }

  /** The next message that is no notice. */
  async read(): Promise<Received> {
    for (;;) {
      const header = await this.#take(5);
      const payload = await this.#take(header.readInt32BE(1) - 4);
      const type = header.toString('latin1', 0, 1);
      if (type !== 'N') return { type, payload };
    }
  }

  /** Runs `sql` and returns the first column. The session must be open. */
  async query(sql: string): Promise<string[]> {
    this.#socket.write(message('Q', cstring(sql)));
    const values: string[] = [];
    for (;;) {
      const { type, payload } = await this.read();
      if (type === 'E') throw new Error(payload.toString().replaceAll('\0', ' '));
      if (type === 'D') values.push(payload.toString('utf8', 6, 6 + payload.readInt32BE(2)));
      if (type === 'Z') return values;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }

  #listen(): void {
    this.#socket.on('readable', () => {
      this.#wake();
    });
    for (const event of ['end', 'error']) {
      this.#socket.on(event, (error = new Error('the server has closed the connection')) => {
        this.#error ??= error;
        this.#wake();
      });
    }
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#held.length < length) {
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk !== null) this.#held = Buffer.concat([this.#held, chunk]);
      else if (this.#error !== undefined) throw this.#error as Error;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }
}
