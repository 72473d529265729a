import { runAgainstServer } from './real-setting.js';
import { cancelSuite } from './suite/cancel.js';

runAgainstServer(cancelSuite);
