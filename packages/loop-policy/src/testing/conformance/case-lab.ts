import type { AnyProtocol, Endpoint, ListenOptions, Loop, LoopPolicy, Server } from '../contract.js';
import type { AddressKind, Lab, Pair, PairOptions } from './lab.js';
import { BufferedRecorder, Recorder, transportOf, type RecorderPlug } from './recorder.js';
import { disorderOf } from './recorder-laws.js';
import { isSame, show } from './values.js';

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
  #spare: Loop | undefined;

  constructor(host: LabHost) {
    this.#host = host;
    this.policy = host.policy;
  }

  newLoop(): Loop {
    const loop = this.policy.newLoop();
    const errors: unknown[] = [];
    loop.onUncaught((error) => errors.push(error));
    this.#loops.push(loop);
    this.#uncaught.set(loop, errors);
    return loop;
  }

  listen(
    loop: Loop,
    factory: () => AnyProtocol,
    kind: AddressKind = 'tcp',
    options: ListenOptions = {},
  ): Promise<Server> {
    if (kind === 'unix') return loop.listen(factory, { path: this.unixPath() }, options);
    return loop.listen(factory, { host: kind === 'tcp' ? '127.0.0.1' : '::1', port: 0 }, options);
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
    const made = await loop.connect(() => client, this.endpointOf(listener), options.connect);
    return { client: made.transport, server: await accepted, loop, listener };
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
    while (!isMet()) await this.#turn(loop);
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

  /** Closes everything, then says what is out of order. @throws {CaseFailure} If something is. */
  async finish(): Promise<void> {
    for (const loop of this.#loops) await loop.close();
    const wrong = [
      ...this.#loops.flatMap((loop) => this.#leftovers(loop)),
      ...this.#recorders.flatMap((recorder) => disorderOf(recorder)),
    ];
    if (wrong.length > 0) throw new CaseFailure(`expected nothing amiss after the case, got: ${wrong.join('; ')}`);
  }

  /** What recorders still wait for. */
  get waitsFor(): string[] {
    return this.#recorders.flatMap((recorder) => recorder.waitsFor);
  }

  #leftovers(loop: Loop): string[] {
    const { openConnections, openServers, openDatagrams } = loop.metrics();
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
    await new Promise<void>((resolve) => {
      this.#openLoop(loop).callLater(this.#host.turnMs, resolve);
    });
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
