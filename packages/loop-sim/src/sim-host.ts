import type { ConnectionInfo, Loop, LoopPolicy } from '@millrace/loop-policy';
import type { Network } from './network.js';
import { SimLoop } from './sim-loop.js';
import type { SimDatagram } from './sim-datagram.js';
import { listenerKey, type SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

const FIRST_FREE_PORT = 40_000;

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
  private _nextPort = FIRST_FREE_PORT;

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

  /** A port that nobody has. */
  freePort(): number {
    while (this.listeners.has(listenerKey(this._nextPort)) || this.datagrams.has(this._nextPort)) this._nextPort++;
    return this._nextPort++;
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
