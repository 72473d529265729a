// One statement of the extended protocol, in up to three rounds:
//
//   Parse Describe Sync        only if the server does not know the statement; nothing may follow until it is described,
//                              because the next operation must not overtake this one
//   a query of the catalog     only if it has types that are not known yet
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
import { hasNoCatalog, TypeLookup } from './type-lookup.js';

const NO_SUCH_STATEMENT = '26000'; // invalid_sql_statement_name: DISCARD ALL, DEALLOCATE
const FEATURE_NOT_SUPPORTED = '0A000';
const INTERNAL_ERROR = 'XX000'; // "cache lookup failed for type": a type that was dropped
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
  /** The types that this round asks for. */
  private _lookup: TypeLookup | undefined;
  /** What the server has prepared and the cache does not know, from the description until all its types are known. */
  private _unclaimedName = '';
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
    if (this._lookup !== undefined) {
      this._lookup.compose(wire.machine);
      return 'holding';
    }
    wire.statements.follow(wire.types.revision);
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
    if (this._lookup !== undefined) this._lookup.rows(batch);
    else if (!this.isAbandoned) this._sink.rows(batch);
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
    if (this._lookup !== undefined) return this._lookedUp(this._lookup, end);
    if (this._error !== undefined) return this._failed(this._error, end);
    if (this._executing === undefined) return this._described();
    if (this._refusal !== undefined) this._refused(this._refusal, this._executing);
    else if (!this.isAbandoned) this._complete(this._executing);
    return 'settled';
  }

  override fail(error: Error): void {
    super.fail(error);
    const name = this._unclaimedName;
    this._unclaimedName = '';
    this._wire?.statements.discard(name); // this operation will not come back to it, and nobody else knows it
  }

  private _described(): 'settled' | 'again' {
    const { _wire: wire, _statement: statement } = this;
    if (wire === undefined || statement === undefined) return 'settled';
    const missing = wire.types.missing([...this._parameterOids, ...this._fields.map(({ typeOid }) => typeOid)]);
    if (missing.length === 0) return this._prepared(wire, statement);
    if (this.isAbandoned) {
      wire.statements.discard(this._name);
      return 'settled';
    }
    this._unclaimedName = this._name;
    this._lookup = new TypeLookup(wire.types, missing);
    return 'again';
  }

  private _lookedUp(lookup: TypeLookup, end: RoundEnd): 'settled' | 'again' {
    const { _wire: wire, _statement: statement, _error: error } = this;
    if (wire === undefined || statement === undefined || this.isAbandoned) return 'settled';
    if (error !== undefined && wasCancelledByMistake(error, end, 'select') && this._retryCount < 2) {
      this._retryCount += 1;
      return 'again';
    }
    this._lookup = undefined;
    // Where there is no catalog the values of the unknown types go as text, as long as this statement is kept.
    if (error !== undefined && !(hasNoCatalog(error) && ranAlone(end))) {
      this.fail(new PostgresError(error));
      return 'settled';
    }
    if (error === undefined) lookup.learn();
    return this._prepared(wire, statement);
  }

  private _prepared(wire: Wire, statement: SessionStatement): 'settled' | 'again' {
    this._unclaimedName = this._name;
    let prepared: Statement;
    try {
      prepared = this._compile(wire);
    } catch (error) {
      this.fail(error as Error);
      return 'settled';
    }
    this._unclaimedName = '';
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

  private _compile({ types, values: options }: Wire): Statement {
    const description = { name: this._name, parameterOids: this._parameterOids, fields: this._fields };
    const prepared = createStatement({ ...description, options, types });
    if (options.duplicateColumns === 'error') prepared.rowRun(); // which refuses them, before anything is executed
    return prepared;
  }

  private _refused(refusal: Error, executing: Statement): void {
    // A record had a type in it that is not known yet: prepared again, the statement asks for that one too.
    const { _wire: wire, _statement: statement } = this;
    if (statement !== undefined && wire !== undefined && wire.types.missing([]).length > 0)
      wire.statements.invalidate(statement, executing);
    this.fail(refusal);
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
      error.sqlState === INTERNAL_ERROR ||
      (error.sqlState === FEATURE_NOT_SUPPORTED && error.routine === REVALIDATION);
    if (isStale) statements?.invalidate(this._statement, this._executing);
    return isStale;
  }
}
