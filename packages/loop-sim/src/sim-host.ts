import type { ConnectionInfo, Loop, LoopPolicy } from '@millrace/loop-policy';
import type { Network } from './network.js';
import { SimLoop } from './sim-loop.js';
import type { SimDatagram } from './sim-datagram.js';
import { listenerKey, type SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

/** What the system gives to whoever names no port. */
const FREE_PORTS = { first: 40_000, last: 65_535 };

/** A simulated host: addresses, and the loops of the programs on it. */
export class SimHost implements LoopPolicy {
  readonly name: string;
  /** Its address in the simulated network. */
  readonly address: string;
  readonly simulation: Simulation;
  readonly network: Network;
  /** Who listens, by port or path. */
  readonly listeners: Map<string, SimServer> = new Map<string, SimServer>();
  /** Who receives datagrams, by port; several where they share it. */
  readonly datagrams: Map<number, readonly SimDatagram[]> = new Map<number, readonly SimDatagram[]>();
  private readonly _loops = new Set<SimLoop>();
  private _loop: SimLoop | undefined;
  /** Takes no part in the network. */
  isIsolated = false;
  /** Of connections that began here. */
  private readonly _takenPorts = new Set<number>();
  private _nextPort = FREE_PORTS.first;

  constructor(simulation: Simulation, network: Network, name: string, address: string) {
    this.simulation = simulation;
    this.network = network;
    this.name = name;
    this.address = address;
  }

  getLoop(): Loop {
    if (this._loop === undefined || this._loop.isClosed) this._loop = this._makeLoop();
    return this._loop;
  }

  newLoop(): Loop {
    return this._makeLoop();
  }

  /** @returns A port that nobody has; `undefined` if there is none. */
  freePort(): number | undefined {
    for (let tries = FREE_PORTS.last - FREE_PORTS.first; tries >= 0; tries--) {
      const port = this._nextPort;
      this._nextPort = port === FREE_PORTS.last ? FREE_PORTS.first : port + 1;
      if (!this._takenPorts.has(port) && !this.listeners.has(listenerKey(port)) && !this.datagrams.has(port))
        return port;
    }
    return undefined;
  }

  /** @returns A port for a connection that begins here, until it is given back; `undefined` if there is none. */
  takePort(): number | undefined {
    const port = this.freePort();
    if (port !== undefined) this._takenPorts.add(port);
    return port;
  }

  givePortBack(port: number): void {
    this._takenPorts.delete(port);
  }

  loopClosed(loop: SimLoop): void {
    this._loops.delete(loop);
  }

  conditions(): string[] {
    return [...this._loops].flatMap((loop) => loop.conditions());
  }

  private _makeLoop(): SimLoop {
    const loop = new SimLoop(this);
    this._loops.add(loop);
    return loop;
  }
}

/** What both ends of a connection are told of it. */
export function infoOf(
  local: { readonly host: string; readonly port: number },
  remote: { readonly host: string; readonly port: number },
): ConnectionInfo {
  return {
    localAddress: local.host,
    localPort: local.port,
    remoteAddress: remote.host,
    remotePort: remote.port,
    path: undefined,
  };
}
