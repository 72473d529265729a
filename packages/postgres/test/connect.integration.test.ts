import { runAgainstServer } from './real-setting.js';
import { connectSuite } from './suite/connect.js';

runAgainstServer(connectSuite);
