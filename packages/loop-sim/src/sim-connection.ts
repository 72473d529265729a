import type { Pipe } from './pipe.js';

/** A connection in a simulation, to be disturbed. */
export class SimConnection {
  /** The host that connects. */
  readonly client: string;
  /** The host that is connected to. */
  readonly server: string;
  /** Where: a port, or the path of a unix socket. */
  readonly endpoint: number | string;
  private readonly _up: Pipe;
  private readonly _down: Pipe;

  constructor(client: string, server: string, endpoint: number | string, up: Pipe, down: Pipe) {
    this.client = client;
    this.server = server;
    this.endpoint = endpoint;
    this._up = up;
    this._down = down;
  }

  /** Bytes that have arrived so far: `up` at the server, `down` at the client. */
  get deliveredBytes(): { readonly up: number; readonly down: number } {
    return { up: this._up.deliveredBytes, down: this._down.deliveredBytes };
  }

  /**
   * Resets the connection when exactly that many bytes have arrived in one direction; the ones behind are lost.
   *
   * @param direction - `up`: what the client sends.
   * @param bytes - 0 or more; 0 is before the first byte arrives.
   */
  resetAfter(direction: 'up' | 'down', bytes: number): void {
    if (!(Number.isSafeInteger(bytes) && bytes >= 0))
      throw new RangeError(`expected bytes to be 0 or more, got ${bytes}`);
    (direction === 'up' ? this._up : this._down).resetAfter(bytes);
  }

  /** Resets it now, at both ends. */
  reset(): void {
    this._up.breakBoth();
  }
}
