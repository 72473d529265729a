/** A datagram that waits for its turn. */
interface Entry {
  readonly data: Uint8Array;
  readonly port: number;
  /** The address, once it is known. */
  host: string | undefined;
  error: Error | undefined;
}

/** Where datagrams go that may leave, and what becomes of those that cannot. */
export interface DatagramSink {
  transmit(data: Uint8Array, host: string, port: number): void;
  refuse(data: Uint8Array, error: Error): void;
}

/** Keeps datagrams in order while names are looked up: what is sent later waits for the name before it. */
export class DatagramQueue {
  readonly #sink: DatagramSink;
  readonly #lookUp: (name: string) => Promise<string>;
  readonly #lookups = new Map<string, Promise<string>>();
  #entries: Entry[] = [];

  constructor(sink: DatagramSink, lookUp: (name: string) => Promise<string>) {
    this.#sink = sink;
    this.#lookUp = lookUp;
  }

  /** Sends to an address, now if nothing waits. */
  push(data: Uint8Array, host: string, port: number): void {
    if (this.#entries.length === 0) this.#sink.transmit(data, host, port);
    else this.#entries.push({ data, port, host, error: undefined });
  }

  /** Sends to a name, once it is looked up. */
  pushNamed(data: Uint8Array, name: string, port: number): void {
    const entry: Entry = { data, port, host: undefined, error: undefined };
    this.#entries.push(entry);
    this.#resolve(name).then(
      (host) => {
        entry.host = host;
        this.#advance();
      },
      (error: unknown) => {
        entry.error = error instanceof Error ? error : new Error('the lookup failed', { cause: error });
        this.#advance();
      },
    );
  }

  clear(): void {
    this.#entries = [];
  }

  /** Many datagrams to one name share the lookup that is under way. */
  #resolve(name: string): Promise<string> {
    const pending = this.#lookups.get(name);
    if (pending !== undefined) return pending;
    const lookup = this.#lookUp(name).finally(() => this.#lookups.delete(name));
    this.#lookups.set(name, lookup);
    return lookup;
  }

  #advance(): void {
    for (let head = this.#entries[0]; head !== undefined; head = this.#entries[0]) {
      const { data, host, port, error } = head;
      if (host === undefined && error === undefined) return;
      this.#entries.shift();
      if (error !== undefined) this.#sink.refuse(data, error);
      else if (host !== undefined) this.#sink.transmit(data, host, port);
    }
  }
}
