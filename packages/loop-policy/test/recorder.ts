import type { AnyProtocol, BufferedProtocol, Protocol, Transport } from '../src/index.js';

/** What a protocol was told, in order; data is only counted there and kept in `bytes`. */
export type Event =
  'connectionMade' | 'dataReceived' | 'eofReceived' | 'pauseWriting' | 'resumeWriting' | 'connectionLost' | 'getBuffer';

/** A protocol that writes down everything, and does what the test plugs in. */
export class Recorder implements Protocol {
  readonly events: Event[] = [];
  readonly chunks: Uint8Array[] = [];
  readonly lost: Promise<Error | null>;
  transport!: Transport;
  byteCount = 0;
  onMade: (transport: Transport) => void = () => {};
  onData: (chunk: Uint8Array, transport: Transport) => void = () => {};
  onEof: () => boolean | undefined = () => undefined;
  onPause: () => void = () => {};
  onResume: () => void = () => {};
  onLost: (error: Error | null) => void = () => {};
  #resolveLost!: (error: Error | null) => void;
  #waiters: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  constructor(plug: Partial<Pick<Recorder, 'onMade' | 'onData' | 'onEof' | 'onPause' | 'onResume' | 'onLost'>> = {}) {
    this.lost = new Promise((resolve) => (this.#resolveLost = resolve));
    Object.assign(this, plug);
  }

  /** Everything that arrived. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.chunks);
  }

  /** The kinds of events without repetition: `data data data` is one. */
  get story(): Event[] {
    return this.events.filter((event, i) => event !== this.events[i - 1]);
  }

  /** Resolves as soon as `isMet` holds, looked at after each event. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isMet, resolve }));
  }

  connectionMade(transport: Transport): void {
    this.transport = transport;
    this.#note('connectionMade', () => {
      this.onMade(transport);
    });
  }

  dataReceived(chunk: Uint8Array): void {
    this.chunks.push(chunk.slice());
    this.byteCount += chunk.length;
    this.#note('dataReceived', () => {
      this.onData(chunk, this.transport);
    });
  }

  eofReceived(): boolean | undefined {
    let keepOpen: boolean | undefined;
    this.#note('eofReceived', () => (keepOpen = this.onEof()));
    return keepOpen;
  }

  pauseWriting(): void {
    this.#note('pauseWriting', () => {
      this.onPause();
    });
  }

  resumeWriting(): void {
    this.#note('resumeWriting', () => {
      this.onResume();
    });
  }

  connectionLost(error: Error | null): void {
    this.#note('connectionLost', () => {
      this.#resolveLost(error);
      this.onLost(error);
    });
  }

  #note(event: Event, act: () => void): void {
    this.events.push(event);
    try {
      act();
    } finally {
      const met = this.#waiters.filter((waiter) => waiter.isMet());
      this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter));
      for (const waiter of met) waiter.resolve();
    }
  }
}

/** The same with a buffer of its own. */
export class BufferedRecorder implements BufferedProtocol {
  readonly events: Event[] = [];
  readonly recorder: Recorder;
  readonly #buffer: Uint8Array;

  constructor(recorder: Recorder, bufferBytes: number) {
    this.recorder = recorder;
    this.#buffer = new Uint8Array(bufferBytes);
  }

  getBuffer(): Uint8Array {
    this.recorder.events.push('getBuffer');
    return this.#buffer;
  }

  bufferUpdated(byteCount: number): void {
    this.recorder.dataReceived(this.#buffer.subarray(0, byteCount));
  }

  connectionMade(transport: Transport): void {
    this.recorder.connectionMade(transport);
  }

  eofReceived(): boolean | undefined {
    return this.recorder.eofReceived();
  }

  pauseWriting(): void {
    this.recorder.pauseWriting();
  }

  resumeWriting(): void {
    this.recorder.resumeWriting();
  }

  connectionLost(error: Error | null): void {
    this.recorder.connectionLost(error);
  }
}

/** How two protocols get connected, and what is left to undo. */
export interface Wiring {
  readonly name: string;
  connect(client: AnyProtocol, server: AnyProtocol): Promise<AsyncDisposable>;
}

export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** Resolves after everything that is ready now has been delivered, several times over. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
