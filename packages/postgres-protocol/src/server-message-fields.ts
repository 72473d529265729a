/**
 * The fields of an ErrorResponse or NoticeResponse, by the names of the manual.
 *
 * @see {@link https://www.postgresql.org/docs/current/protocol-error-fields.html | Error and Notice Message Fields}
 */
export interface ServerMessageFields {
  /** `S`: localised; see `severityCode` for the stable one. */
  readonly severity: string;
  /** `V`: ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO or LOG; always in English. */
  readonly severityCode: string;
  /** `C`: SQLSTATE, five characters. */
  readonly sqlState: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** 1-based index, in characters (code points), into the query text. */
  readonly position: number | undefined;
  readonly internalPosition: number | undefined;
  readonly internalQuery: string | undefined;
  readonly where: string | undefined;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly dataType: string | undefined;
  readonly constraint: string | undefined;
  /** Source file, line and routine of the server, for bug reports to PostgreSQL. */
  readonly file: string | undefined;
  readonly line: string | undefined;
  readonly routine: string | undefined;
}
