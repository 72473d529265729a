import { nodePolicy } from '@millrace/loop-policy';
import type {
  AnyProtocol,
  ConnectOptions,
  DatagramOptions,
  DatagramProtocol,
  DatagramTransport,
  Endpoint,
  ListenOptions,
  Loop,
  LoopMetrics,
  LoopPolicy,
  Server,
  Transport,
  UncaughtHandler,
  WatchOptions,
} from '@millrace/loop-policy';
import type { Op, Timer } from '@millrace/timeouts';
import type { TransportAndProtocol, TransportOfOptions } from '../src/adapters.js';
import { type StreamConnection, StreamProtocol } from '../src/index.js';

/** Makes a foreign stream of a connection, and a transport of that. */
export type Carry = <P extends AnyProtocol>(
  connection: StreamConnection,
  factory: () => P,
  options: TransportOfOptions,
) => TransportAndProtocol<P>;

/** The node loop, but all bytes go through a foreign stream: there and back again. */
export function carriedPolicy(name: string, carry: Carry): LoopPolicy {
  let current: Loop | undefined;
  return {
    name,
    getLoop: () => (current ??= new CarriedLoop(name, carry)),
    newLoop: () => new CarriedLoop(name, carry),
  };
}

class CarriedLoop implements Loop {
  readonly name: string;
  readonly isSimulated = false;
  readonly #inner = nodePolicy.newLoop();
  readonly #carry: Carry;

  constructor(name: string, carry: Carry) {
    this.name = name;
    this.#carry = carry;
  }

  now(): number {
    return this.#inner.now();
  }

  callLater(delayMs: number, fn: () => void): Timer {
    return this.#inner.callLater(delayMs, fn);
  }

  callSoon(fn: () => void): void {
    this.#inner.callSoon(fn);
  }

  fillRandom(target: Uint8Array): void {
    this.#inner.fillRandom(target);
  }

  async connect<P extends AnyProtocol>(
    factory: () => P,
    endpoint: Endpoint,
    options?: ConnectOptions & Op,
  ): Promise<{ transport: Transport; protocol: P }> {
    const { transport, protocol } = await this.#inner.connect(() => new StreamProtocol(), endpoint, options);
    try {
      return this.#carry(protocol.connection, factory, { loop: this, watermarks: options?.watermarks });
    } catch (error) {
      transport.abort();
      throw error;
    }
  }

  listen(factory: () => AnyProtocol, endpoint: Endpoint, options?: ListenOptions): Promise<Server> {
    const carried = { loop: this, watermarks: options?.watermarks };
    return this.#inner.listen(() => new Carrier(this.#carry, factory, carried), endpoint, options);
  }

  onUncaught(handler: UncaughtHandler): () => void {
    return this.#inner.onUncaught(handler);
  }

  openDatagram<P extends DatagramProtocol>(
    factory: () => P,
    options?: DatagramOptions & Op,
  ): Promise<{ transport: DatagramTransport; protocol: P }> {
    return this.#inner.openDatagram(factory, options);
  }

  metrics(): LoopMetrics {
    return this.#inner.metrics();
  }

  watch(options?: WatchOptions): () => void {
    return this.#inner.watch(options);
  }

  /** The foreign streams hear of the end of their connections, and then tell of it. */
  async close(): Promise<void> {
    await this.#inner.close();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The protocol of an accepted connection, whose bytes go through a foreign stream. */
class Carrier extends StreamProtocol {
  readonly #carry: Carry;
  readonly #factory: () => AnyProtocol;
  readonly #options: TransportOfOptions;
  #carried: TransportAndProtocol<AnyProtocol> | undefined;

  constructor(carry: Carry, factory: () => AnyProtocol, options: TransportOfOptions) {
    super();
    this.#carry = carry;
    this.#factory = factory;
    this.#options = options;
  }

  override connectionMade(transport: Transport): void {
    super.connectionMade(transport);
    this.#carried = this.#carry(this.connection, this.#factory, this.#options);
  }

  /** A foreign stream knows nothing of servers. */
  override closeRequested(): void {
    this.#carried?.transport.close();
  }
}
