/**
 * Whether a text may run COPY FROM STDIN. The server takes what is sent behind that for data, and gives the connection
 * up: so nothing may be, until it is refused.
 */
export function mayCopy(sql: string): boolean {
  return /\bcopy\b/i.test(sql);
}
