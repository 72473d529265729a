import type { Statement } from '@millrace/postgres-protocol';
import { mayCopy } from './may-copy.js';

/**
 * A statement as the session knows it: its text, and what the server has prepared for it, if it has.
 *
 * Without `prepared` its next use prepares it, under a new name: so a statement that the server has forgotten, or whose
 * columns have changed, is healed by taking `prepared` away.
 */
export class SessionStatement {
  readonly sql: string;
  /** Pinned by a PreparedStatement: not in the cache, and never evicted. */
  readonly isPinned: boolean;
  prepared: Statement | undefined;
  private _mayCopy: boolean | undefined;

  constructor(sql: string, isPinned: boolean) {
    this.sql = sql;
    this.isPinned = isPinned;
  }

  /** Whether nothing may be sent right behind it, see {@link mayCopy}. */
  get mayCopy(): boolean {
    // COPY has no columns to describe.
    this._mayCopy ??= this.prepared?.fields.length === 0 && mayCopy(this.sql);
    return this._mayCopy;
  }
}

/**
 * The statements of one session by their text, the least recently used one given up first.
 *
 * Giving up is safe at any time: the Close is sent behind everything that uses the statement already.
 */
export class StatementCache {
  private readonly _capacity: number;
  private readonly _close: (name: string) => void;
  private readonly _bySql = new Map<string, SessionStatement>();
  private _nameCount = 0;
  /** Of the types that the statements were made with. */
  private _revision: number | undefined;

  /** @param close - Closes a statement of the server, once what was issued before has been sent. */
  constructor(capacity: number, close: (name: string) => void) {
    this._capacity = capacity;
    this._close = close;
  }

  /** The statement for a text: a known one, else a new one that is not in the cache yet. */
  lookUp(sql: string): SessionStatement {
    const known = this._bySql.get(sql);
    if (known === undefined) return new SessionStatement(sql, false);
    // A Map keeps the order of insertion, so the first is the least recently used one. Below the limit nobody asks.
    if (this._bySql.size === this._capacity) {
      this._bySql.delete(sql);
      this._bySql.set(sql, known);
    }
    return known;
  }

  /** A name for the server. With a cache of size 0 what is not pinned is unnamed: each replaces the one before. */
  nameFor(statement: SessionStatement): string {
    if (this._capacity === 0 && !statement.isPinned) return '';
    this._nameCount += 1;
    return `millrace_${this._nameCount}`;
  }

  /** Notes that the server has prepared `statement`. */
  add(statement: SessionStatement, prepared: Statement): void {
    statement.prepared = prepared;
    if (statement.isPinned || this._capacity === 0) return;
    const same = this._bySql.get(statement.sql);
    if (same !== undefined && same !== statement) this._forget(same);
    const [oldest] = this._bySql.values();
    if (this._bySql.size === this._capacity && oldest !== undefined) this._forget(oldest);
    this._bySql.set(statement.sql, statement);
  }

  /** Notes that `prepared` is of no use any more; a newer preparation of the same statement stays. */
  invalidate(statement: SessionStatement, prepared: Statement): void {
    if (statement.prepared === prepared) this._forget(statement);
  }

  /** Gives up all but the pinned ones if their types may have become others: what is used again is prepared anew. */
  follow(revision: number): void {
    if (revision === this._revision) return;
    this._revision = revision;
    for (const statement of [...this._bySql.values()]) this._forget(statement);
  }

  /** Lets the server forget a name that came to nothing. */
  discard(name: string): void {
    if (name !== '') this._close(name);
  }

  private _forget(statement: SessionStatement): void {
    if (this._bySql.get(statement.sql) === statement) this._bySql.delete(statement.sql);
    const name = statement.prepared?.name ?? '';
    statement.prepared = undefined;
    this.discard(name);
  }
}
