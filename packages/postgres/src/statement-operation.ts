// One statement of the extended protocol, in up to two rounds:
//
//   Parse Describe Sync        only if the server does not know the statement; nothing may follow until it is described,
//                              because the next operation must not overtake this one
//   Bind Execute Sync
import { createStatement } from '@millrace/postgres-protocol';
import type { FieldDescription, Row, ServerMessageFields, Statement } from '@millrace/postgres-protocol';
import { parseCommandTag } from './command-tag.js';
import { PostgresError } from './errors.js';
import { checkSql, Operation } from './operation.js';
import type { Composed, RoundEnd, Wire } from './operation.js';
import { ranAlone, wasCancelledByMistake } from './resend.js';
import type { RowSink } from './row-sink.js';
import { SessionStatement } from './statement-cache.js';
import type { StatementCache } from './statement-cache.js';

const NO_SUCH_STATEMENT = '26000'; // invalid_sql_statement_name: DISCARD ALL, DEALLOCATE
const FEATURE_NOT_SUPPORTED = '0A000';
/** Where the server raises `cached plan must not change result type`; the text itself is translated. */
const REVALIDATION = 'RevalidateCachedQuery';
const NONE: readonly number[] = [];
const NO_FIELDS: readonly FieldDescription[] = [];

/** Prepares a statement if need be, and executes it unless there are no values. */
export class StatementOperation<T> extends Operation<T> {
  private readonly _sql: string;
  private readonly _values: readonly unknown[] | undefined;
  private readonly _sink: RowSink<T>;
  private readonly _pinned: SessionStatement | undefined;
  private _statement: SessionStatement | undefined;
  private _wire: Wire | undefined;
  private _name = '';
  /** What this round executes; `undefined` while it prepares. */
  private _executing: Statement | undefined;
  private _isBound = false;
  private _parameterOids = NONE;
  private _fields = NO_FIELDS;
  private _tag = '';
  private _error: ServerMessageFields | undefined;
  private _refusal: Error | undefined;
  private _retryCount = 0;

  /**
   * @param source - The text, or a pinned statement.
   * @param values - One for each parameter; `undefined` to prepare only.
   */
  constructor(source: string | SessionStatement, values: readonly unknown[] | undefined, sink: RowSink<T>) {
    super();
    this._pinned = source instanceof SessionStatement ? source : undefined;
    this._sql = source instanceof SessionStatement ? source.sql : source;
    // A copy: it may have to wait, and the caller may fill the same array again meanwhile.
    this._values = Array.isArray(values) ? values.slice() : values;
    this._sink = sink;
  }

  override compose(wire: Wire): Composed {
    checkSql(this._sql);
    if (this._values !== undefined && !Array.isArray(this._values)) throw new TypeError('params must be an array');
    this._wire = wire;
    this._error = undefined;
    this._refusal = undefined;
    this._isBound = false;
    this._statement ??= this._pinned ?? wire.statements.lookUp(this._sql);
    this._executing = this._statement.prepared;
    const { machine } = wire;
    if (this._executing === undefined) {
      this._name = wire.statements.nameFor(this._statement);
      machine.sendParse(this._name, this._sql);
      machine.sendDescribe('statement', this._name);
      machine.sendSync();
      return 'holding';
    }
    if (this._values === undefined) {
      this._complete(this._executing);
      return 'settled';
    }
    machine.sendBind('', this._executing, this._values);
    machine.sendExecute('', this._executing, 0);
    machine.sendSync();
    return this._statement.mayCopy ? 'holding' : 'pipelined';
  }

  override bindComplete(): void {
    this._isBound = true;
  }

  override parameterDescription(typeOids: readonly number[]): void {
    this._parameterOids = typeOids;
  }

  override rowDescription(fields: readonly FieldDescription[]): void {
    this._fields = fields;
  }

  override rows(_statement: Statement, batch: readonly Row[]): void {
    if (!this.isAbandoned) this._sink.rows(batch);
  }

  override rowsRefused(error: Error): void {
    this._refusal ??= error;
  }

  override commandComplete(tag: string): void {
    this._tag = tag;
  }

  override errorResponse(fields: ServerMessageFields): void {
    // A second error is that of the abort; the first says what happened.
    this._error ??= fields;
  }

  override ready(end: RoundEnd): 'settled' | 'again' {
    if (this._error !== undefined) return this._failed(this._error, end);
    if (this._executing === undefined) return this._prepared();
    if (this._refusal !== undefined) this.fail(this._refusal);
    else if (!this.isAbandoned) this._complete(this._executing);
    return 'settled';
  }

  private _prepared(): 'settled' | 'again' {
    const { _wire: wire, _statement: statement } = this;
    if (wire === undefined || statement === undefined) return 'settled';
    const prepared = createStatement({
      name: this._name,
      parameterOids: this._parameterOids,
      fields: this._fields,
      options: wire.values,
    });
    wire.statements.add(statement, prepared);
    if (this.isAbandoned) {
      // Nobody got hold of what was only prepared, so nobody will close it.
      if (this._values === undefined) wire.statements.invalidate(statement, prepared);
      return 'settled';
    }
    if (this._values !== undefined) return 'again';
    this._complete(prepared);
    return 'settled';
  }

  private _complete(statement: Statement): void {
    this.resolve(this._sink.complete({ columns: statement.fields, ...parseCommandTag(this._tag) }));
  }

  private _failed(error: ServerMessageFields, end: RoundEnd): 'settled' | 'again' {
    const isStale = this._dropIfStale(error, this._wire?.statements);
    const isAgain = isStale ? ranAlone(end) : wasCancelledByMistake(error, end, this._sql);
    // Once for a stale plan and once for a stray cancel is enough: neither can go on for ever.
    if (isAgain && !this.isAbandoned && this._retryCount < 2 && this._sink.restart()) {
      this._retryCount += 1;
      this._statement = undefined;
      return 'again';
    }
    this.fail(this._refusal ?? new PostgresError(error, this._sql));
    return 'settled';
  }

  private _dropIfStale(error: ServerMessageFields, statements: StatementCache | undefined): boolean {
    // Once it is bound, an error is about what the statement does.
    if (this._executing === undefined || this._statement === undefined || this._isBound) return false;
    const isStale =
      error.sqlState === NO_SUCH_STATEMENT ||
      (error.sqlState === FEATURE_NOT_SUPPORTED && error.routine === REVALIDATION);
    if (isStale) statements?.invalidate(this._statement, this._executing);
    return isStale;
  }
}
