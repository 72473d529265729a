import { runAgainstServer } from './real-setting.js';
import { querySuite } from './suite/query.js';

runAgainstServer(querySuite);
