import { ReadBuffer } from '@millrace/read-buffer';
import { concatenate } from '../concatenate.js';
import { readClientMessage, STARTUP_LAYOUT } from './frontend-message.js';
import type { ClientMessage } from './frontend-message.js';
import { ScriptError } from './script-error.js';
import { ScriptedBackend, type ScriptSink } from './scripted-backend.js';
import type { Script, Step } from './step.js';

/** Options of {@link ScriptedServer}. */
export interface ScriptedServerOptions {
  /**
   * How a connection finds its script: `'order'`, the n-th connection plays the n-th script, or `'firstMessage'`, it
   * plays the first script not taken yet whose first `expect` accepts what the connection says first. Default `'order'`.
   */
  readonly by?: 'order' | 'firstMessage' | undefined;
}

/** One accepted connection: what its transport tells goes in here. */
export interface ScriptedConnection {
  /** The connection is up. */
  start(): void;
  /** Bytes of the client, copied. */
  feed(chunk: Uint8Array): void;
  /** The client has ended its side, or the connection is lost. */
  eof(): void;
}

/** A server of several scripts, one for each connection: a session and its cancel requests, say. */
export class ScriptedServer {
  /** The connections that have found their script, in that order. */
  readonly backends: ScriptedBackend[] = [];
  private readonly _left: Script[];
  private readonly _by: 'order' | 'firstMessage';
  private readonly _resumed = new Set<string>();
  /** Numbers of the connections that have not said a whole message. */
  private readonly _choosing = new Set<number>();
  private _acceptedCount = 0;
  private _failure: ScriptError | undefined;

  /**
   * Makes a server that nobody has connected to.
   *
   * @throws {TypeError} If scripts are chosen by the first message, and one does not expect any by its name.
   */
  constructor(scripts: readonly Script[], options: ScriptedServerOptions = {}) {
    this._left = [...scripts];
    this._by = options.by ?? 'order';
    const nameless = scripts.findIndex((script) => firstMessage(script)?.kind !== 'expect');
    if (this._by === 'firstMessage' && nameless !== -1) {
      throw new TypeError(`script ${nameless + 1} has to begin with step.expect to be chosen by the first message`);
    }
  }

  /** How many connections were made. */
  get acceptedCount(): number {
    return this._acceptedCount;
  }

  /**
   * Takes a connection in.
   *
   * @param sink - Where the server writes. A connection without a script is closed, and {@link finish} tells of it.
   */
  accept(sink: ScriptSink): ScriptedConnection {
    this._acceptedCount += 1;
    if (this._by === 'firstMessage') {
      const number = this._acceptedCount;
      this._choosing.add(number);
      return new ChoosingConnection((first) => {
        this._choosing.delete(number);
        return this._choose(sink, first);
      });
    }
    const script = this._left.shift();
    return script === undefined ? this._refuse(sink, 'the scripts are used up') : this._play(script, sink);
  }

  /** Lets every script go on that stalls at `name`, or gets there later, on any connection. */
  resume(name: string): void {
    this._resumed.add(name);
    for (const backend of this.backends) backend.resume(name);
  }

  /**
   * Says that all conversations are over.
   *
   * @throws {ScriptError} The first thing that did not fit a script; or that steps or whole scripts were not used.
   */
  finish(): void {
    if (this._failure !== undefined) throw this._failure;
    for (const backend of this.backends) backend.finish();
    const [silent] = this._choosing;
    if (silent !== undefined) throw new ScriptError(`connection ${silent} has not said its first message`, 0);
    const [unused] = this._left;
    if (unused === undefined) return;
    const first = unused[0]?.text ?? 'nothing';
    throw new ScriptError(`${this._left.length} scripts were not used, the first begins with: ${first}`, 0);
  }

  private _choose(sink: ScriptSink, first: ClientMessage | Error): ScriptedConnection {
    if (first instanceof Error) return this._refuse(sink, first.message);
    const index = this._left.findIndex((script) => {
      const expected = firstMessage(script);
      return expected?.kind === 'expect' && expected.name === first.name && expected.accepts(first.fields);
    });
    const [script] = index < 0 ? [] : this._left.splice(index, 1);
    return script === undefined ? this._refuse(sink, `no script begins with ${first.name}`) : this._play(script, sink);
  }

  private _play(script: Script, sink: ScriptSink): ScriptedConnection {
    const backend = new ScriptedBackend(script, sink, {
      onResume: (name) => {
        this.resume(name);
      },
    });
    this.backends.push(backend);
    for (const name of this._resumed) backend.resume(name); // it has not started, so nothing is played yet
    return backend;
  }

  private _refuse(sink: ScriptSink, why: string): ScriptedConnection {
    this._failure ??= new ScriptError(`saw connection ${this._acceptedCount}: ${why}`, 0);
    return {
      start: () => {
        sink.close();
      },
      feed: () => undefined,
      eof: () => undefined,
    };
  }
}

/** A connection that has not said yet whose it is. */
class ChoosingConnection implements ScriptedConnection {
  private readonly _choose: (first: ClientMessage | Error) => ScriptedConnection;
  private readonly _input = new ReadBuffer({ frame: STARTUP_LAYOUT });
  private readonly _held: Uint8Array[] = [];
  private _chosen: ScriptedConnection | undefined;

  constructor(choose: (first: ClientMessage | Error) => ScriptedConnection) {
    this._choose = choose;
  }

  start(): void {
    // It is the client's turn: a script that speaks first cannot be chosen by what it hears.
  }

  feed(chunk: Uint8Array): void {
    if (this._chosen !== undefined) {
      this._chosen.feed(chunk);
      return;
    }
    const held = new Uint8Array(chunk); // not slice(): that of a Buffer is a view
    this._held.push(held);
    this._input.feed(held);
    const first = this._takeFirst();
    if (first !== undefined) this._become(first);
  }

  eof(): void {
    if (this._chosen === undefined) this._become(new Error('the connection ended before its first message'));
    this._chosen?.eof();
  }

  private _become(first: ClientMessage | Error): void {
    const chosen = this._choose(first);
    this._chosen = chosen;
    chosen.start();
    chosen.feed(concatenate(this._held));
  }

  private _takeFirst(): ClientMessage | Error | undefined {
    try {
      return this._input.takeFrame() ? readClientMessage(this._input, 'StartupMessage') : undefined;
    } catch (error) {
      return error as Error;
    }
  }
}

/** The step that waits for the first message of the client. */
function firstMessage(script: Script): Step | undefined {
  return script.find((one) => one.kind === 'expect' || one.kind === 'expectBytes');
}
