/** A command that was run, and how many rows it returned or changed. */
export interface CommandTag {
  /** Such as `SELECT`, `INSERT`, `CREATE TABLE`; empty for an empty statement. */
  readonly command: string;
  /** 0 where the command counts nothing. */
  readonly count: number;
}

/**
 * Takes the tag of a CommandComplete apart.
 *
 * @see {@link https://www.postgresql.org/docs/current/protocol-message-formats.html | CommandComplete (B)}
 */
export function parseCommandTag(tag: string): CommandTag {
  const match = /^(.*?)(?: \d+)?(?: (\d+))$/.exec(tag);
  if (match === null) return { command: tag, count: 0 };
  const [, command = '', count] = match;
  return { command, count: Number(count) };
}
