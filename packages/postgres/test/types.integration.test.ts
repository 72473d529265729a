import { runAgainstServer } from './real-setting.js';
import { typesSuite } from './suite/types.js';

runAgainstServer(typesSuite);
