import type { ReadBuffer } from '@millrace/read-buffer';

/**
 * The fields of an ErrorResponse or NoticeResponse, by the names of the manual.
 *
 * @see {@link https://www.postgresql.org/docs/current/protocol-error-fields.html | Error and Notice Message Fields}
 */
export interface ServerMessageFields {
  /** `S`: localised; see `severityCode` for the stable one. */
  readonly severity: string;
  /** `V`: ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO or LOG; always in English. `S` where the server is too old for it. */
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

/** Decodes an ErrorResponse or NoticeResponse. Fields of unknown types are skipped, as the manual asks. */
export function decodeServerMessageFields(input: ReadBuffer): ServerMessageFields {
  const texts = new Map<string, string>();
  for (let type = input.readUint8(); type !== 0; type = input.readUint8()) {
    texts.set(String.fromCharCode(type), input.readCString());
  }
  const severity = texts.get('S') ?? '';
  return {
    severity,
    severityCode: texts.get('V') ?? severity,
    sqlState: texts.get('C') ?? '',
    message: texts.get('M') ?? '',
    detail: texts.get('D'),
    hint: texts.get('H'),
    position: position(texts.get('P')),
    internalPosition: position(texts.get('p')),
    internalQuery: texts.get('q'),
    where: texts.get('W'),
    schema: texts.get('s'),
    table: texts.get('t'),
    column: texts.get('c'),
    dataType: texts.get('d'),
    constraint: texts.get('n'),
    file: texts.get('F'),
    line: texts.get('L'),
    routine: texts.get('R'),
  };
}

/** Fields for a message that came, or is made, without most of them. */
export function bareFields(severity: string, sqlState: string, message: string): ServerMessageFields {
  return {
    severity,
    severityCode: severity,
    sqlState,
    message,
    detail: undefined,
    hint: undefined,
    position: undefined,
    internalPosition: undefined,
    internalQuery: undefined,
    where: undefined,
    schema: undefined,
    table: undefined,
    column: undefined,
    dataType: undefined,
    constraint: undefined,
    file: undefined,
    line: undefined,
    routine: undefined,
  };
}

function position(digits: string | undefined): number | undefined {
  return digits !== undefined && /^[0-9]{1,10}$/.test(digits) ? Number(digits) : undefined;
}
