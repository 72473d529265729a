import { runAgainstServer } from './real-setting.js';
import { preparedStatementSuite } from './suite/prepared-statement.js';

runAgainstServer(preparedStatementSuite);
