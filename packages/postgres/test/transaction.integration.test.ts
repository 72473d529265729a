import { afterAll, inject } from 'vitest';
import { connect } from '../src/index.js';
import { runAgainstServer } from './real-setting.js';
import { transactionLimitsSuite } from './suite/transaction-limits.js';
import { transactionSuite } from './suite/transaction.js';

runAgainstServer(transactionSuite);
runAgainstServer(transactionLimitsSuite);

afterAll(async () => {
  await using db = await connect(inject('databaseUrl'));
  await db.execute('drop table if exists ledger');
});
