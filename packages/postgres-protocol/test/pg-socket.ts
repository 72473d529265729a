// The least that a real server needs besides a machine: a socket, and a wait for the events of it.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import {
  FrontendMachine,
  type FrontendHandler,
  type FrontendMachineOptions,
  type StartupOptions,
} from '../src/index.js';
import { pbkdf2Sha256, saslPrep } from '../src/crypto.js';
import { RecordingHandler, type Event } from './recording-handler.js';
import { utf8 } from './wire.js';

export class PgSocket implements AsyncDisposable {
  readonly handler: RecordingHandler = new RecordingHandler();
  readonly machine: FrontendMachine;
  socket: Socket;
  processId = 0;
  secretKey: Uint8Array = new Uint8Array();
  readonly parameters: Map<string, string>;
  /** What feed or eof threw. */
  error: unknown;
  #wake: () => void = () => {};

  constructor(url: string, options?: FrontendMachineOptions) {
    const { hostname, port } = new URL(url);
    this.parameters = new Map();
    this.machine = new FrontendMachine(this.handler, options);
    this.socket = connect(Number(port), hostname);
    this.#listen();
    this.handler.reactions.backendKeyData = (processId: number, secretKey: Uint8Array) => {
      this.processId = processId;
      this.secretKey = secretKey;
    };
    this.handler.reactions.parameterStatus = (name: string, value: string) => this.parameters.set(name, value);
  }

  /** Starts a session and forgets its events. */
  static async open(url: string, user?: string, password?: string): Promise<PgSocket> {
    const pg = new PgSocket(url);
    await pg.start(url, user, password);
    await pg.until('readyForQuery');
    pg.handler.clear();
    return pg;
  }

  /** Asks for TLS, without a look at who the server is. Returns whether it has agreed. */
  async requestTls(): Promise<boolean> {
    if (this.socket.connecting) await once(this.socket, 'connect');
    const asked = this.handler.names.filter((name) => name === 'encryptionAnswer').length;
    this.machine.sendSslRequest();
    const [, , isAccepted] = (await this.until('encryptionAnswer', asked + 1)).at(-1) ?? [];
    if (isAccepted !== true) return false;
    this.socket.removeAllListeners('data').removeAllListeners('end');
    this.socket = connectTls({ socket: this.socket, rejectUnauthorized: false });
    await once(this.socket, 'secureConnect');
    this.#listen();
    return true;
  }

  /** The data of tls-server-end-point: certificates that are signed with SHA-256 are hashed by it, too. */
  get channelBinding(): Uint8Array | undefined {
    if (!(this.socket instanceof TLSSocket)) return undefined;
    return createHash('sha256').update(this.socket.getPeerCertificate().raw).digest();
  }

  /** Sends the StartupMessage, and the password in whatever way the server wants it. */
  async start(url: string, user?: string, password = '', options: Partial<StartupOptions> = {}): Promise<void> {
    const { machine, handler } = this;
    const { username, pathname } = new URL(url);
    handler.reactions.needPassword = () => {
      machine.sendPassword(password);
    };
    handler.reactions.needSasl = () => {
      const data = this.channelBinding;
      const mechanism = data === undefined ? 'SCRAM-SHA-256' : 'SCRAM-SHA-256-PLUS';
      machine.sendSaslInitialResponse(mechanism, randomBytes(18).toString('base64'), data);
    };
    handler.reactions.needSaltedPassword = ({ salt, iterations }: { salt: Uint8Array; iterations: number }) => {
      machine.sendSaltedPassword(pbkdf2Sha256(utf8(saslPrep(password)), salt, iterations));
    };
    if (this.socket.connecting) await once(this.socket, 'connect');
    machine.sendStartup({
      user: user ?? username,
      database: pathname.slice(1),
      parameters: { application_name: 'postgres-protocol test' },
      ...options,
    });
    this.flush();
  }

  flush(): void {
    const chunk = this.machine.output.take();
    if (chunk.length > 0) this.socket.write(chunk);
  }

  /** Sends what was composed and waits until `name` has come `count` times since the last `clear`. */
  async until(name: keyof FrontendHandler, count = 1): Promise<readonly Event[]> {
    this.flush();
    while (this.handler.names.filter((n) => n === name).length < count) {
      if (this.error !== undefined) throw this.error as Error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.handler.events;
  }

  /** Waits for the server to close its side. */
  async ended(): Promise<void> {
    this.flush();
    if (!this.socket.readableEnded) await once(this.socket, 'end');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.destroyed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }

  #listen(): void {
    this.socket.on('data', (chunk) => {
      this.#guard(() => {
        this.machine.feed(chunk);
        chunk.fill(0xaa); // it was borrowed
        this.flush();
      });
    });
    this.socket.on('end', () => {
      this.#guard(() => {
        this.machine.eof();
      });
    });
    this.socket.on('error', (error) => {
      this.error ??= error;
      this.#wake();
    });
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.error ??= error;
    }
    this.#wake();
  }
}
