import type { AnyProtocol, BufferedProtocol, Protocol, Transport } from '../contract.js';

/** A callback of a protocol. */
export type RecordedEvent =
  | 'connectionMade'
  | 'dataReceived'
  | 'eofReceived'
  | 'closeRequested'
  | 'pauseWriting'
  | 'resumeWriting'
  | 'connectionLost'
  | 'getBuffer';

/** What a {@link Recorder} does besides writing down. */
export interface RecorderPlug {
  onMade?: (transport: Transport) => void;
  /** `chunk` is borrowed, as in `dataReceived`. */
  onData?: (chunk: Uint8Array, transport: Transport) => void;
  onEof?: () => boolean | undefined;
  onPause?: () => void;
  onResume?: () => void;
  onLost?: (error: Error | null) => void;
  /** Whether it has its connection from the beginning to the end, without `setProtocol`. Default true. */
  isWhole?: boolean;
}

/** A protocol that writes down what it is told, in order, and does what the test plugs in. */
export class Recorder implements Protocol {
  /** The callbacks, by name. */
  readonly events: RecordedEvent[] = [];
  /** A copy of each chunk. */
  readonly chunks: Uint8Array[] = [];
  /** Given by `connectionMade`. */
  transport!: Transport;
  /** How many bytes arrived. */
  byteCount = 0;
  isWhole = true;
  onMade: (transport: Transport) => void = () => undefined;
  onData: (chunk: Uint8Array, transport: Transport) => void = () => undefined;
  onEof: () => boolean | undefined = () => undefined;
  onPause: () => void = () => undefined;
  onResume: () => void = () => undefined;
  onLost: (error: Error | null) => void = () => undefined;
  readonly #lost: Promise<Error | null>;
  #resolveLost!: (error: Error | null) => void;
  #isEndAwaited = false;
  #waiters: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  constructor(plug: RecorderPlug = {}) {
    this.#lost = new Promise((resolve) => (this.#resolveLost = resolve));
    Object.assign(this, plug);
  }

  /** Resolves with what `connectionLost` was told. */
  get lost(): Promise<Error | null> {
    this.#isEndAwaited = true;
    return this.#lost;
  }

  /** Everything that arrived. */
  get bytes(): Uint8Array {
    const all = new Uint8Array(this.byteCount);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  /** The events without repetition: `data data data` is one. */
  get story(): RecordedEvent[] {
    return this.events.filter((event, i) => event !== this.events[i - 1]);
  }

  /** Whether `connectionLost` was called. */
  get isLost(): boolean {
    return this.events.includes('connectionLost');
  }

  /** What the recorder still waits for, for the report of a case that does not end. */
  get waitsFor(): string[] {
    const end = this.#isEndAwaited && !this.isLost ? ['connectionLost'] : [];
    return [...this.#waiters.map((waiter) => String(waiter.isMet)), ...end];
  }

  /** How often `event` happened. */
  count(event: RecordedEvent): number {
    return this.events.filter((each) => each === event).length;
  }

  /** Resolves as soon as `isMet` holds, looked at after each event. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isMet, resolve }));
  }

  connectionMade(transport: Transport): void {
    this.transport = transport;
    this.note('connectionMade', () => {
      this.onMade(transport);
    });
  }

  dataReceived(chunk: Uint8Array): void {
    this.chunks.push(new Uint8Array(chunk)); // a Buffer's slice() would be a view
    this.byteCount += chunk.length;
    this.note('dataReceived', () => {
      this.onData(chunk, this.transport);
    });
  }

  eofReceived(): boolean | undefined {
    let keepOpen: boolean | undefined;
    this.note('eofReceived', () => (keepOpen = this.onEof()));
    return keepOpen;
  }

  pauseWriting(): void {
    this.note('pauseWriting', () => {
      this.onPause();
    });
  }

  resumeWriting(): void {
    this.note('resumeWriting', () => {
      this.onResume();
    });
  }

  connectionLost(error: Error | null): void {
    this.note('connectionLost', () => {
      this.#resolveLost(error);
      this.onLost(error);
    });
  }

  /** Writes `event` down, acts, and looks at what is waited for. */
  note(event: RecordedEvent, act: () => void): void {
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

/** The same with a buffer of its own, as a {@link BufferedProtocol}. */
export class BufferedRecorder implements BufferedProtocol {
  readonly recorder: Recorder;
  readonly #buffer: Uint8Array;

  /** @param bufferBytes - How large its buffer is, 1 or more. */
  constructor(recorder: Recorder, bufferBytes: number) {
    this.recorder = recorder;
    this.#buffer = new Uint8Array(bufferBytes);
  }

  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the hint is part of the interface
  getBuffer(_hintBytes: number): Uint8Array {
    this.recorder.note('getBuffer', () => undefined);
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

/** Resolves with the transport that `protocol` is given, without changing what it does. */
export function transportOf(protocol: AnyProtocol): Promise<Transport> {
  return new Promise((resolve) => {
    const original = protocol.connectionMade.bind(protocol);
    protocol.connectionMade = (transport) => {
      resolve(transport);
      original(transport);
    };
  });
}
