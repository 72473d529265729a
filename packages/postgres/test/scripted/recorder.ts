import type { AnyProtocol, Loop, Protocol, Transport } from '@millrace/loop-policy';
import { ReadBuffer, type FrameLayout } from '@millrace/read-buffer';
import { seededRandom } from '@millrace/testkit';
import type { Event } from './cassette.js';

const PACKETS: FrameLayout = { typeBytes: 0, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 2 ** 30 };
const MESSAGES: FrameLayout = { ...PACKETS, typeBytes: 1 };

/** Protocol version 3.x: after it come messages with a type byte. */
const STARTUP_MAJOR = 3;

/** Notes what the connections of one case say and hear, over real transports. */
export class Recorder {
  readonly events: Event[] = [];
  /** The loop to connect with. Its random bytes are those of the replay. */
  readonly loop: Loop;
  private readonly _inner: Loop;
  private readonly _random = seededRandom(5432);
  private _connectionCount = 0;
  private _openCount = 0;
  private _lastAtMs: number;

  constructor(inner: Loop) {
    this._inner = inner;
    this._lastAtMs = inner.now();
    this.loop = new Proxy(inner, {
      get: (target, key) => {
        if (key === 'connect') return this._connect;
        if (key === 'fillRandom') {
          return (bytes: Uint8Array): void => {
            bytes.set(this._random.bytes(bytes.length));
          };
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  /** Whether every connection is gone. */
  get isQuiet(): boolean {
    return this._openCount === 0;
  }

  /** Notes what the test does to the link. */
  act(name: string): void {
    this._note({ kind: 'action', name });
  }

  private readonly _connect: Loop['connect'] = async (factory, endpoint, options) => {
    let protocol: AnyProtocol | undefined;
    const { transport } = await this._inner.connect(
      () => {
        protocol = factory();
        return this._listenIn(protocol as Protocol);
      },
      endpoint,
      options,
    );
    return { transport, protocol: protocol as ReturnType<typeof factory> };
  };

  private _listenIn(inner: Protocol): Protocol {
    const connection = this._connectionCount++;
    let isNewChunk = true;
    const heard = new Splitter(false, (bytes) => {
      // What the client says from inside a chunk comes before the rest of it.
      const goesOn = !isNewChunk && this.events.at(-1)?.kind === 'heard';
      this._note({ kind: 'heard', connection, bytes, delayMs: goesOn ? undefined : this._delay() });
      isNewChunk = false;
    });
    const said = new Splitter(true, (bytes) => {
      this._note({ kind: 'said', connection, bytes });
    });
    let hasEnded = false;
    const end = (event: () => Event): void => {
      if (hasEnded) return;
      hasEnded = true;
      said.end();
      heard.end();
      this._note(event());
    };
    const leave = (): void => {
      end(() => ({ kind: 'left', connection }));
    };
    return {
      connectionMade: (transport) => {
        this._openCount += 1;
        this._note({ kind: 'open', connection });
        inner.connectionMade(listenInto(transport, said, leave));
      },
      dataReceived: (chunk) => {
        isNewChunk = true;
        if (!hasEnded) heard.feed(chunk);
        inner.dataReceived(chunk);
      },
      eofReceived: () => {
        end(() => ({ kind: 'closed', connection, delayMs: this._delay() }));
        return inner.eofReceived();
      },
      pauseWriting: () => {
        inner.pauseWriting();
      },
      resumeWriting: () => {
        inner.resumeWriting();
      },
      connectionLost: (error) => {
        this._openCount -= 1;
        end(() => ({ kind: error === null ? 'closed' : 'lost', connection, delayMs: this._delay() }));
        inner.connectionLost(error);
      },
    };
  }

  /** Whole milliseconds since the event before; less counts as at once. */
  private _delay(): number {
    return Math.floor(this._inner.now() - this._lastAtMs);
  }

  private _note(event: Event): void {
    this.events.push(event);
    this._lastAtMs = this._inner.now();
  }
}

function listenInto(transport: Transport, said: Splitter, leave: () => void): Transport {
  return new Proxy(transport, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (key === 'write') said.feed(args[0] as Uint8Array);
        if (key === 'writeMany') for (const chunk of args[0] as Uint8Array[]) said.feed(chunk);
        if (key === 'close' || key === 'abort' || key === 'writeEof') leave();
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}

/** Cuts a stream into messages. */
class Splitter {
  private readonly _input: ReadBuffer;
  private readonly _note: (message: Uint8Array) => void;
  private _isStartingUp: boolean;

  constructor(isClient: boolean, note: (message: Uint8Array) => void) {
    this._isStartingUp = isClient;
    this._input = new ReadBuffer({ frame: isClient ? PACKETS : MESSAGES });
    this._note = note;
  }

  feed(chunk: Uint8Array): void {
    this._input.feed(new Uint8Array(chunk));
    while (this._input.takeFrame()) this._take();
  }

  /** The connection is over: what is left is no whole message. */
  end(): void {
    this._input.setFrame(null);
    if (this._input.length > 0) this._note(this._input.readBytes(this._input.length));
  }

  private _take(): void {
    const { type } = this._input;
    const payload = this._input.payload();
    const header = type < 0 ? 0 : 1;
    const bytes = new Uint8Array(header + 4 + payload.length);
    if (header === 1) bytes[0] = type;
    const view = new DataView(bytes.buffer);
    view.setInt32(header, 4 + payload.length);
    bytes.set(payload, header + 4);
    if (this._isStartingUp && view.getInt16(4) === STARTUP_MAJOR) {
      this._isStartingUp = false;
      this._input.setFrame(MESSAGES);
    }
    this._note(bytes);
  }
}
