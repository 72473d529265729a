import { runAgainstServer } from './real-setting.js';
import { statementCacheSuite } from './suite/statement-cache.js';

runAgainstServer(statementCacheSuite);
