import type { Loop, Protocol, Transport } from '@millrace/loop-policy';
import { Simulation } from '../src/index.js';

/** Sends back what it gets. */
export class Echo implements Protocol {
  transport: Transport | undefined;
  connectionMade(transport: Transport): void {
    this.transport = transport;
  }
  dataReceived(chunk: Uint8Array): void {
    this.transport?.write(chunk);
  }
  eofReceived(): void {
    return;
  }
  pauseWriting(): void {
    this.transport?.pauseReading();
  }
  resumeWriting(): void {
    this.transport?.resumeReading();
  }
  connectionLost(): void {
    this.transport = undefined;
  }
}

/** Remembers what it got, and when. */
export class Sink implements Protocol {
  readonly bytes: number[] = [];
  readonly atMs: number[] = [];
  readonly lost: Promise<Error | null>;
  isEnded = false;
  #transport: Transport | undefined;
  #lose!: (error: Error | null) => void;

  constructor() {
    this.lost = new Promise((resolve) => (this.#lose = resolve));
  }
  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }
  dataReceived(chunk: Uint8Array): void {
    this.bytes.push(...chunk);
    this.atMs.push(this.#transport?.loop.now() ?? NaN);
  }
  eofReceived(): void {
    this.isEnded = true;
  }
  pauseWriting(): void {
    return;
  }
  resumeWriting(): void {
    return;
  }
  connectionLost(error: Error | null): void {
    this.#lose(error);
  }
}

/** A client and a server host that nobody connected yet. */
export function twoHosts(seed = 1): { simulation: Simulation; client: Loop; server: Loop } {
  const simulation = new Simulation({ seed });
  return { simulation, client: simulation.host('client').getLoop(), server: simulation.host('server').getLoop() };
}

export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
