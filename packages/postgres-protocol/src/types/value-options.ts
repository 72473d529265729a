/** How values are represented in JavaScript. */
export interface ValueOptions {
  /** int8 as `bigint` (default), as a checked `number` (an unsafe value is an error) or as `string`. */
  readonly int8?: 'bigint' | 'number' | 'string' | undefined;
  /** numeric as an exact `string` (default) or as the nearest `number`. */
  readonly numeric?: 'string' | 'number' | undefined;
  /** timestamptz as a `Date` of milliseconds (default), or as an ISO string in UTC with all microseconds. */
  readonly timestamptz?: 'date' | 'string' | undefined;
  /** json and jsonb parsed (default), or as the text that the server sent. */
  readonly json?: 'parse' | 'text' | undefined;
  /** `true`: date, time, timestamp, timestamptz and interval as Temporal objects; a TypeError where the runtime has none. */
  readonly temporal?: boolean | undefined;
  /** Arrays as nested arrays (default); `'typed'`: one-dimensional ones of numbers without NULLs as typed arrays. */
  readonly arrays?: 'nested' | 'typed' | undefined;
  /** Of two columns of one name the last wins in object rows (default), or such a statement is refused. */
  readonly duplicateColumns?: 'last' | 'error' | undefined;
}
