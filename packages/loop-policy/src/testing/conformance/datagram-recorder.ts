import type { DatagramAddress, DatagramOptions, DatagramProtocol, DatagramTransport, Loop } from '../contract.js';

/** A callback of a {@link DatagramProtocol}. */
export type DatagramEvent = keyof DatagramProtocol;

/** What a {@link DatagramRecorder} does besides writing down. */
export interface DatagramPlug {
  onMade?: (transport: DatagramTransport) => void;
  /** `data` is borrowed, as in `datagramReceived`. */
  onDatagram?: (data: Uint8Array, from: DatagramAddress, transport: DatagramTransport) => void;
  onError?: (error: Error) => void;
  onPause?: () => void;
  onResume?: () => void;
  onLost?: (error: Error | null) => void;
}

/** A protocol for datagrams that writes down what it is told, in order, and does what the test plugs in. */
export class DatagramRecorder implements DatagramProtocol {
  readonly events: DatagramEvent[] = [];
  /** A copy of each datagram, and who sent it. */
  readonly datagrams: { readonly data: Uint8Array; readonly from: DatagramAddress }[] = [];
  readonly errors: Error[] = [];
  /** What `connectionLost` was told. */
  readonly lost: Promise<Error | null>;
  readonly #plug: DatagramPlug;
  #resolveLost: (error: Error | null) => void = () => undefined;
  #transport: DatagramTransport | undefined;

  constructor(plug: DatagramPlug = {}) {
    this.#plug = plug;
    this.lost = new Promise((resolve) => (this.#resolveLost = resolve));
  }

  /** Given by `connectionMade`. @throws {TypeError} Before that. */
  get transport(): DatagramTransport {
    if (this.#transport === undefined) throw new TypeError('expected connectionMade to have been called');
    return this.#transport;
  }

  /** The first bytes of the datagrams, -1 for empty ones. */
  get firstBytes(): number[] {
    return this.datagrams.map(({ data }) => data[0] ?? -1);
  }

  /** How often `event` happened. */
  count(event: DatagramEvent): number {
    return this.events.filter((each) => each === event).length;
  }

  connectionMade(transport: DatagramTransport): void {
    this.#transport = transport;
    this.events.push('connectionMade');
    this.#plug.onMade?.(transport);
  }

  datagramReceived(data: Uint8Array, from: DatagramAddress): void {
    this.datagrams.push({ data: new Uint8Array(data), from });
    this.events.push('datagramReceived');
    this.#plug.onDatagram?.(data, from, this.transport);
  }

  errorReceived(error: Error): void {
    this.errors.push(error);
    this.events.push('errorReceived');
    this.#plug.onError?.(error);
  }

  pauseWriting(): void {
    this.events.push('pauseWriting');
    this.#plug.onPause?.();
  }

  resumeWriting(): void {
    this.events.push('resumeWriting');
    this.#plug.onResume?.();
  }

  connectionLost(error: Error | null): void {
    this.events.push('connectionLost');
    this.#resolveLost(error);
    this.#plug.onLost?.(error);
  }
}

/** Sends everything back. */
export const ECHO: DatagramPlug = {
  onDatagram: (data, from, transport) => {
    transport.send(data, from);
  },
};

/** Where cases receive. */
export const HERE: DatagramAddress = { host: '127.0.0.1', port: 0 };

/** Opens a socket on a free port of 127.0.0.1, or as `options` say. */
export async function openRecorder(
  loop: Loop,
  plug: DatagramPlug = {},
  options: DatagramOptions = { local: HERE },
): Promise<{ recorder: DatagramRecorder; transport: DatagramTransport }> {
  const { transport, protocol } = await loop.openDatagram(() => new DatagramRecorder(plug), options);
  return { recorder: protocol, transport };
}
