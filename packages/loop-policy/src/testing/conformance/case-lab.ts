import type { AnyProtocol, Endpoint, ListenOptions, Loop, LoopMetrics, LoopPolicy, Server } from '../contract.js';
import type { AddressKind, Lab, Pair, PairOptions } from './lab.js';
import { BufferedRecorder, Recorder, transportOf, type RecorderPlug } from './recorder.js';
import { disorderOf } from './recorder-laws.js';
import { isSame, show } from './values.js';
import { Waits } from './waits.js';

/** The longest pattern so far; the others begin like it. */
let patternBytes = new Uint8Array(0);

function makePattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i * 31 + (i >> 8) * 7 + (i >> 16);
  return bytes;
}

/** A behaviour does not hold. */
export class CaseFailure extends Error {
  override readonly name = 'CaseFailure';
}

/** A case does not apply. */
export class CaseSkipped extends Error {
  override readonly name = 'CaseSkipped';
}

/** Turns of the loop in which everything that is on its way arrives. */
const SETTLE_TURNS = 6;

/** What the lab of one case takes from the run. */
export interface LabHost {
  readonly policy: LoopPolicy;
  /** How long a turn of `settle` waits. */
  readonly turnMs: number;
  /** @returns A fresh path, or why there is none. */
  unixPath(): { readonly path: string } | { readonly reason: string };
}

/** The lab of one case. */
export class CaseLab implements Lab {
  readonly policy: LoopPolicy;
  readonly #host: LabHost;
  readonly #loops: Loop[] = [];
  readonly #recorders: Recorder[] = [];
  readonly #uncaught = new Map<Loop, unknown[]>();
  readonly #waits = new Waits();
  #spare: Loop | undefined;
  #isOver = false;

  constructor(host: LabHost) {
    this.#host = host;
    this.policy = host.policy;
  }

  newLoop(): Loop {
    this.#checkIsOn();
    const loop = this.policy.newLoop();
    this.check(isObject(loop), `newLoop() to return a loop, got ${show(loop)}`);
    const errors: unknown[] = [];
    loop.onUncaught((error) => errors.push(error));
    this.#loops.push(loop);
    this.#uncaught.set(loop, errors);
    return loop;
  }

  async listen(
    loop: Loop,
    factory: () => AnyProtocol,
    kind: AddressKind = 'tcp',
    options: ListenOptions = {},
  ): Promise<Server> {
    const where = kind === 'unix' ? { path: this.unixPath() } : { host: kind === 'tcp' ? '127.0.0.1' : '::1', port: 0 };
    const server = await this.#waits.for('listen() to settle', () => loop.listen(factory, where, options));
    const isServer = isObject(server) && isObject(server.address);
    this.check(isServer, `listen() to resolve with a server that has an address, got ${show(server)}`);
    return server;
  }

  endpointOf(server: Server): Endpoint {
    const { address } = server;
    return address.path === undefined ? { host: address.host, port: address.port } : { path: address.path };
  }

  unixPath(): string {
    const made = this.#host.unixPath();
    return 'path' in made ? made.path : this.skip(made.reason);
  }

  async connectPair(client: AnyProtocol, server: AnyProtocol, options: PairOptions = {}): Promise<Pair> {
    const loop = options.loop ?? this.newLoop();
    const accepted = transportOf(server);
    const listener = await this.listen(loop, () => server, options.kind, options.listen);
    const endpoint = this.endpointOf(listener);
    const made = await this.#waits.for('connect() to settle', () =>
      loop.connect(() => client, endpoint, options.connect),
    );
    const isMade = isObject(made) && isObject(made.transport);
    this.check(isMade, `connect() to resolve with { transport, protocol }, got ${show(made)}`);
    const peer = await this.#waits.for('connectionMade of the accepted connection', () => accepted);
    return { client: made.transport, server: peer, loop, listener };
  }

  recorder(plug: RecorderPlug = {}): Recorder {
    const recorder = new Recorder(plug);
    this.#recorders.push(recorder);
    return recorder;
  }

  bufferedRecorder(bufferBytes: number, plug: RecorderPlug = {}): BufferedRecorder {
    return new BufferedRecorder(this.recorder(plug), bufferBytes);
  }

  pattern(length: number): Uint8Array {
    if (patternBytes.length < length) patternBytes = makePattern(length);
    return patternBytes.slice(0, length);
  }

  async settle(loop: Loop): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn++) await this.#turn(loop);
  }

  async until(loop: Loop, isMet: () => boolean): Promise<void> {
    await this.#waits.for(isMet, async () => {
      while (!isMet()) await this.#turn(loop);
    });
  }

  check(condition: unknown, message: string): asserts condition {
    if (!condition) throw new CaseFailure(`expected ${message}`);
  }

  equal(actual: unknown, expected: unknown, message: string): void {
    if (isSame(actual, expected)) return;
    throw new CaseFailure(`expected ${message}: ${show(expected)}, got ${show(actual)}`);
  }

  throws(fn: () => unknown, name: string, message: string): Error {
    try {
      fn();
    } catch (error) {
      return this.#checkError(error, name, message);
    }
    throw new CaseFailure(`expected ${message}: ${name}, nothing was thrown`);
  }

  async rejects(promise: Promise<unknown>, expected: string | Error, message: string): Promise<Error> {
    let value: unknown;
    try {
      value = await promise;
    } catch (error) {
      return this.#checkError(error, expected, message);
    }
    throw new CaseFailure(`expected ${message}: ${show(expected)}, it resolved with ${show(value)}`);
  }

  uncaught(loop: Loop): unknown[] {
    const errors = this.#uncaught.get(loop);
    if (errors === undefined) throw new TypeError('expected a loop that the lab made');
    return errors.splice(0);
  }

  skip(reason: string): never {
    throw new CaseSkipped(reason);
  }

  /**
   * Closes everything, then says what is out of order. A case that is still on gets nothing more to work with.
   *
   * @throws {CaseFailure} If something is out of order.
   */
  async finish(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops.map(async (loop) => loop.close()));
    const wrong = [
      ...this.#loops.flatMap((loop) => this.#leftovers(loop)),
      ...this.#recorders.flatMap((recorder) => disorderOf(recorder)),
    ];
    if (wrong.length > 0) throw new CaseFailure(`expected nothing amiss after the case, got: ${wrong.join('; ')}`);
  }

  /** What the case still waits for, and what its recorders were told so far: for the report of one that does not end. */
  get standstill(): string {
    const waits = [...this.#waits.list, ...this.#recorders.flatMap((recorder) => recorder.waitsFor)];
    const stories = this.#recorders.map(({ story }) => `[${story.join(' ')}]`);
    const heard = stories.length === 0 ? [] : [`what recorders were told: ${stories.join(', ')}`];
    return [...waits.map((what) => `waiting for ${what}`), ...heard].map((each) => `, ${each}`).join('');
  }

  #leftovers(loop: Loop): string[] {
    const metrics: unknown = loop.metrics();
    if (!isObject(metrics)) return [`metrics() of a closed loop returned ${show(metrics)}`];
    const { openConnections, openServers, openDatagrams } = metrics as LoopMetrics;
    const errors = this.#uncaught.get(loop) ?? [];
    return [
      ...(openConnections === 0 ? [] : [`${openConnections} open connections on a closed loop`]),
      ...(openServers === 0 ? [] : [`${openServers} open servers on a closed loop`]),
      ...(openDatagrams === 0 ? [] : [`${openDatagrams} open datagram sockets on a closed loop`]),
      ...errors.map((error) => `the loop reported ${show(error)}`),
    ];
  }

  #checkError(error: unknown, expected: string | Error, message: string): Error {
    if (error instanceof CaseFailure) throw error;
    const isExpected = typeof expected === 'string' ? (error as Error | null)?.name === expected : error === expected;
    if (!isExpected) throw new CaseFailure(`expected ${message}: ${show(expected)}, got ${show(error)}`);
    return error as Error;
  }

  async #turn(loop: Loop): Promise<void> {
    this.#checkIsOn();
    const { turnMs } = this.#host;
    const turn = new Promise<void>((resolve) => {
      this.#openLoop(loop).callLater(turnMs, resolve);
    });
    await this.#waits.for(`callLater(${turnMs}) to run its function`, () => turn);
  }

  /** A case that took too long may still be running: it must neither open anything nor go on turning loops. */
  #checkIsOn(): void {
    if (this.#isOver) throw new CaseFailure('expected nothing more of a case that is over');
  }

  /** A closed loop cannot wait; another one of the policy turns with it. */
  #openLoop(loop: Loop): Loop {
    try {
      loop.callSoon(() => undefined);
      return loop;
    } catch {
      return (this.#spare ??= this.newLoop());
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
