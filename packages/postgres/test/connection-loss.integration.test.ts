import { runAgainstServer } from './real-setting.js';
import { connectionLossSuite } from './suite/connection-loss.js';

runAgainstServer(connectionLossSuite);
