import { SystemError } from './errors.js';
import type { Pipe } from './pipe.js';
import type { SimTransport } from './sim-transport.js';
import type { Simulation } from './simulation.js';

/** Which way bytes go: `up` to the server, `down` to the client. */
export type Direction = 'up' | 'down';

/** A connection in a simulation, to be disturbed. */
export class SimConnection {
  /** The host that connects. */
  readonly client: string;
  /** The host that is connected to. */
  readonly server: string;
  /** Where: a port, or the path of a unix socket. */
  readonly endpoint: number | string;
  private readonly _simulation: Simulation;
  private readonly _ends: readonly SimTransport[];
  private readonly _up: Pipe;
  private readonly _down: Pipe;

  /** @internal */
  constructor(
    simulation: Simulation,
    hosts: { readonly client: string; readonly server: string; readonly endpoint: number | string },
    client: SimTransport,
    server: SimTransport,
  ) {
    this._simulation = simulation;
    this.client = hosts.client;
    this.server = hosts.server;
    this.endpoint = hosts.endpoint;
    this._ends = [client, server];
    this._up = client.pipe;
    this._down = server.pipe;
    for (const pipe of [this._up, this._down]) {
      pipe.breakConnection = (detail) => {
        this._break(pipe.name, detail);
      };
    }
  }

  /** Bytes that have arrived so far: `up` at the server, `down` at the client. */
  get deliveredBytes(): { readonly up: number; readonly down: number } {
    return { up: this._up.deliveredBytes, down: this._down.deliveredBytes };
  }

  /**
   * Resets the connection when exactly that many bytes have arrived in one direction; the ones behind are lost. If more have
   * arrived already, it is reset at once.
   *
   * @param bytes - 0 or more; 0 is when the first byte would arrive, which does not.
   */
  resetAfter(direction: Direction, bytes: number): void {
    if (!(Number.isSafeInteger(bytes) && bytes >= 0))
      throw new RangeError(`expected bytes to be 0 or more, got ${bytes}`);
    const pipe = this._pipe(direction);
    if (pipe.resetAfter(bytes)) this._break(pipe.name, `after byte ${pipe.deliveredBytes}, as planned`);
  }

  /** Resets it now, at both ends; before the connection is there, the connect fails. */
  reset(): void {
    this._break(this._up.name, 'by the program');
  }

  /**
   * Keeps the receiver of one direction from reading, as if it were busy: what arrives stays in its system until the window
   * is full, and then the sender has to wait. Ended by {@link resume}, and by the end of the connection.
   *
   * @param direction - `up` for a server that does not read.
   */
  stall(direction: Direction): void {
    this._pipe(direction).isStalled = true;
  }

  /** Lets the receiver read again. */
  resume(direction: Direction): void {
    this._pipe(direction).isStalled = false;
  }

  private _pipe(direction: Direction): Pipe {
    if (direction === 'up') return this._up;
    if ((direction as unknown) === 'down') return this._down;
    throw new TypeError(`expected 'up' or 'down' as the direction, got ${JSON.stringify(direction)}`);
  }

  private _break(name: string, detail: string): void {
    if (this._up.isCut) return;
    this._simulation.note(name, 'reset', 0, detail);
    this._up.cut();
    this._down.cut();
    for (const end of this._ends) end.broken(new SystemError('ECONNRESET', 'connection reset by the peer'));
  }
}
