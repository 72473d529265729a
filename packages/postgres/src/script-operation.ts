import type { FieldDescription, Row, ServerMessageFields, Statement } from '@millrace/postgres-protocol';
import { parseCommandTag } from './command-tag.js';
import { PostgresError } from './errors.js';
import { mayCopy } from './may-copy.js';
import { checkSql, Operation } from './operation.js';
import type { Composed, RoundEnd, Wire } from './operation.js';
import type { CommandResult } from './query-result.js';
import { wasCancelledByMistake } from './resend.js';

/** A text of any number of statements, by the simple protocol, in one round. */
export class ScriptOperation extends Operation<CommandResult[]> {
  protected readonly script: string;
  private _results: CommandResult[] = [];
  private _columns: readonly FieldDescription[] = [];
  private _rows: CommandResult['rows'][number][] = [];
  private _error: ServerMessageFields | undefined;
  private _refusal: Error | undefined;
  private _isRepeated = false;

  constructor(script: string) {
    super();
    this.script = script;
  }

  override compose(wire: Wire): Composed {
    checkSql(this.script);
    this._error = undefined;
    wire.machine.sendQuery(this.script);
    return mayCopy(this.script) ? 'holding' : 'pipelined';
  }

  override rowDescription(fields: readonly FieldDescription[]): void {
    this._columns = fields;
  }

  override rows(_statement: Statement, batch: readonly Row[]): void {
    if (this.isAbandoned) return;
    // The simple protocol sends text only.
    for (const row of batch) this._rows.push(row as Record<string, string | null>);
  }

  override rowsRefused(error: Error): void {
    this._refusal ??= error;
  }

  override commandComplete(tag: string): void {
    this._results.push({ ...parseCommandTag(tag), columns: this._columns, rows: this._rows });
    this._columns = [];
    this._rows = [];
  }

  override errorResponse(fields: ServerMessageFields): void {
    this._error ??= fields;
  }

  override ready(end: RoundEnd): 'settled' | 'again' {
    if (this._error === undefined) {
      if (this._refusal === undefined) this.resolve(this._results);
      else this.fail(this._refusal);
      return 'settled';
    }
    // Only a script that failed in its first statement has certainly left nothing behind.
    const isUntouched = this._results.length === 0 && !this._isRepeated && !this.isAbandoned;
    if (isUntouched && wasCancelledByMistake(this._error, end, this.script)) {
      this._isRepeated = true;
      this._columns = [];
      this._rows = [];
      return 'again';
    }
    this.fail(this._refusal ?? new PostgresError(this._error, this.script));
    return 'settled';
  }
}
