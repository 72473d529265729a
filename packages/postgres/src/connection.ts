import type { TypeCodec } from '@millrace/postgres-protocol';
import type { Op } from '@millrace/timeouts';
import type { NoticeListener } from './notices.js';
import { Handle, isLimited, openCallScope } from './handle.js';
import { Queryable } from './queryable.js';
import type { Session } from './session.js';

/** How long `await using` waits at the end of its block. */
const DISPOSE_TIMEOUT_MS = 5000;

/** What a connection says of itself where it is printed. */
export interface ConnectionFacts {
  readonly address: string;
  readonly user: string;
  readonly database: string | undefined;
}

/**
 * One session with a server; made by `connect`.
 *
 * It has the query methods of {@link Queryable}. When the connection breaks while nothing is going on, that is silent:
 * the next call rejects with a {@link ConnectionLostError}.
 */
export class Connection extends Queryable implements AsyncDisposable {
  readonly #session: Session;
  readonly #facts: ConnectionFacts;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(session: Session, facts: ConnectionFacts) {
    super(new Handle(session, 0, undefined));
    this.#session = session;
    this.#facts = facts;
  }

  /** The settings that the server reports, such as `server_version` and `TimeZone`, as they are now. */
  get serverParameters(): Readonly<Record<string, string>> {
    return this.#session.parameters;
  }

  /** Process id of the server's side, as in `pg_stat_activity`; 0 if the server did not say. */
  get backendPid(): number {
    return this.#session.backendPid;
  }

  /** Whether calls are refused: the connection is lost, or `close()` or `terminate()` was called. */
  get isClosed(): boolean {
    return this.#session.isClosed;
  }

  /**
   * Hears the server's notices and warnings.
   *
   * @param listener - Called with the fields of each, before the call that caused it settles. What it throws is reported
   * by the loop, and does not touch the connection.
   * @returns Takes the listener off again.
   */
  onNotice(listener: NoticeListener): () => void {
    return this.#session.notices.add(listener);
  }

  /**
   * Represents a type of the database by a codec of the application: alone, in arrays, composites, ranges and domains.
   *
   * @param nameOrOid - An OID, or a name by the rules of SQL: `mood`, `public.mood`, `"Mood"`. The type need not exist yet.
   * @param codec - `null` for the type's own representation.
   * @throws {TypeError} If it is no such name, or no codec.
   * @remarks It holds for what is sent from now on, and for all connections that share the option `types`; a
   * {@link PreparedStatement} keeps the codecs that it was prepared with.
   */
  setTypeCodec<T>(nameOrOid: string | number, codec: TypeCodec<T> | null): void {
    this.#session.types.setTypeCodec(nameOrOid, codec);
  }

  /**
   * Forgets what was learnt of the types of the database: their next use asks the catalog again. To be called when
   * attributes of a composite type were renamed, added or dropped, which a client cannot always notice.
   *
   * @remarks It holds for all connections that share the option `types`; a {@link PreparedStatement} is to be prepared again.
   */
  forgetTypes(): void {
    this.#session.types.forget();
  }

  /**
   * Takes no more calls, waits for those that were made, says good-bye to the server and closes the socket.
   *
   * A stream that is open is cut; a transaction that is open is rolled back by the server.
   *
   * @param op - When its time is up the connection is terminated instead: calls still pending reject with
   * {@link ConnectionClosedError}. Closing itself never fails.
   * @returns When the socket is closed. May be called again, by anyone, with limits of its own.
   */
  async close(op?: Op): Promise<void> {
    this.#closing ??= this.#close();
    if (!isLimited(op)) return this.#closing;
    const scope = openCallScope(this.#session, op, 'close');
    try {
      await scope.race(this.#closing);
    } catch {
      this.terminate();
      await this.#session.gone;
    } finally {
      scope.close();
    }
  }

  /** Closes the socket now. Calls that are pending reject with {@link ConnectionClosedError}. May be called again. */
  terminate(): void {
    this.#session.terminate();
  }

  /** Same as `close()`, for at most 5 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeoutMs: DISPOSE_TIMEOUT_MS });
  }

  async #close(): Promise<void> {
    await this.#session.drain();
    this.#session.leave();
    await this.#session.gone;
  }

  /** What `console.log` shows. Nothing in it is a secret. */
  static {
    Object.defineProperty(Connection.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: Connection): string {
        const { address, user, database = user } = this.#facts;
        return `Connection { ${user}@${address}/${database}, backendPid: ${this.backendPid}, isClosed: ${this.isClosed} }`;
      },
    });
  }
}
