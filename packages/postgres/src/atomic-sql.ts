/**
 * First words of statements that, run outside a transaction block, take effect entirely or not at all. Not among them:
 * what may commit halfway (CALL, DO, VACUUM, CREATE INDEX CONCURRENTLY) and what ends a transaction.
 */
const ATOMIC = new Set([
  ...['select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'table'],
  ...['show', 'set', 'begin', 'start'],
]);

/** Whitespace, comments and opening parentheses in front of the first word. Nested comments are not followed: no match. */
const FIRST_WORD = /^(?:\s|\(|--[^\n]*(?:\n|$)|\/\*[^*/]*\*\/)*([a-z]+)/i;

/** Whether a statement that was cancelled outside a transaction block has certainly left nothing behind. */
export function isAtomicSql(sql: string): boolean {
  const word = FIRST_WORD.exec(sql)?.[1];
  return word !== undefined && ATOMIC.has(word.toLowerCase());
}
