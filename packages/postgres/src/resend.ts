import type { ServerMessageFields } from '@millrace/postgres-protocol';
import { isAtomicSql } from './atomic-sql.js';
import type { RoundEnd } from './operation.js';

const QUERY_CANCELED = '57014'; // https://www.postgresql.org/docs/current/errcodes-appendix.html

/** Whether a round ran outside any transaction block, so that its own Sync made it atomic. */
export function ranAlone(end: RoundEnd): boolean {
  return end.statusBefore === 'I' && end.statusAfter === 'I';
}

/** Whether an error is that of a cancel request that was meant for somebody else, and `sql` can simply be sent again. */
export function wasCancelledByMistake(error: ServerMessageFields, end: RoundEnd, sql: string): boolean {
  return error.sqlState === QUERY_CANCELED && end.cancelMayHaveHit && ranAlone(end) && isAtomicSql(sql);
}
