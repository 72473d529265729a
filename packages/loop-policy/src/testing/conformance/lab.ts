import type {
  AnyProtocol,
  ConnectOptions,
  Endpoint,
  ListenOptions,
  Loop,
  LoopPolicy,
  Server,
  Transport,
} from '../contract.js';
import type { BufferedRecorder, Recorder, RecorderPlug } from './recorder.js';

/** What sort of address to listen on: a free port of `127.0.0.1`, of `::1`, or a fresh path. */
export type AddressKind = 'tcp' | 'tcp6' | 'unix';

/** How {@link Lab.connectPair} connects. */
export interface PairOptions {
  /** Default: a loop of its own. */
  readonly loop?: Loop | undefined;
  /** Default `'tcp'`. */
  readonly kind?: AddressKind | undefined;
  readonly connect?: ConnectOptions | undefined;
  readonly listen?: ListenOptions | undefined;
}

/** Two ends that are connected. */
export interface Pair {
  readonly client: Transport;
  readonly server: Transport;
  readonly loop: Loop;
  /** Who accepted the server's end. */
  readonly listener: Server;
}

/**
 * What a conformance case works with: everything that it makes is closed after it, and it fails also if one of its loops
 * reported an error that the case did not ask for with `uncaught`, if a promise was rejected that nobody looked at, if
 * something is left open, or if a recorder was told anything out of order.
 */
export interface Lab {
  readonly policy: LoopPolicy;
  /** Makes a loop, which is closed after the case. */
  newLoop(): Loop;
  /** Listens on a free address. Skips the case if `kind` is `'unix'` and there is no folder for sockets. */
  listen(loop: Loop, factory: () => AnyProtocol, kind?: AddressKind, options?: ListenOptions): Promise<Server>;
  /** Where `server` listens, to connect to. */
  endpointOf(server: Server): Endpoint;
  /** A path on which nobody listens. Skips the case if there is no folder for sockets. */
  unixPath(): string;
  /** Connects two protocols; resolves when both had `connectionMade`. */
  connectPair(client: AnyProtocol, server: AnyProtocol, options?: PairOptions): Promise<Pair>;
  /** A protocol that writes down what it is told. */
  recorder(plug?: RecorderPlug): Recorder;
  /** The same with a buffer of its own; what it is told is in its `recorder`. */
  bufferedRecorder(bufferBytes: number, plug?: RecorderPlug): BufferedRecorder;
  /** Bytes that look different everywhere, the same each time. */
  pattern(length: number): Uint8Array;
  /** Resolves after everything that is on its way within this process has arrived. */
  settle(loop: Loop): Promise<void>;
  /** Resolves as soon as `isMet` holds, looked at whenever the loop has turned. */
  until(loop: Loop, isMet: () => boolean): Promise<void>;
  /** @throws If `condition` is not truthy, with `message`, which says what should hold. */
  check(condition: unknown, message: string): asserts condition;
  /** @throws Unless `actual` and `expected` are the same, looked into arrays, bytes and plain objects; errors by identity. */
  equal(actual: unknown, expected: unknown, message: string): void;
  /**
   * Expects `fn` to throw an error of that `name` (`'TransportClosedError'`): not by class, since the loop may come with
   * another copy of this package.
   *
   * @returns The error.
   */
  throws(fn: () => unknown, name: string, message: string): Error;
  /** Expects `promise` to be rejected with an error of that `name`, or with exactly that value. @returns What it is rejected with. */
  rejects(promise: Promise<unknown>, expected: string | Error, message: string): Promise<Error>;
  /** Takes the errors that `loop` has reported so far, in order; the ones that are not taken fail the case. */
  uncaught(loop: Loop): unknown[];
  /** Ends the case: it does not apply here. */
  skip(reason: string): never;
}
