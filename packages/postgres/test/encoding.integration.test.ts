import { runAgainstServer } from './real-setting.js';
import { encodingSuite } from './suite/encoding.js';

runAgainstServer(encodingSuite);
