import type { FieldDescription, Row } from '@millrace/postgres-protocol';
import type { CommandTag } from './command-tag.js';

/** The rows of a statement; what else is known of the result hangs on the array and is not enumerable. */
export type QueryResult<R = Row> = R[] & {
  readonly columns: readonly FieldDescription[];
  readonly command: string;
  /** Rows that the command returned or changed; 0 where it counts nothing. */
  readonly count: number;
};

/** What one statement of a script came to. */
export interface CommandResult extends CommandTag {
  readonly columns: readonly FieldDescription[];
  /** Every value as text, as the server prints it, or `null`. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

/** What is known of a result besides its rows. */
export interface Completion extends CommandTag {
  readonly columns: readonly FieldDescription[];
}

/** Hangs the metadata on the rows. */
export function queryResult<R>(rows: R[], { columns, command, count }: Completion): QueryResult<R> {
  return Object.defineProperties(rows, {
    columns: { value: columns },
    command: { value: command },
    count: { value: count },
  }) as QueryResult<R>;
}
