import { runAgainstServer } from './real-setting.js';
import { streamSuite } from './suite/stream.js';

runAgainstServer(streamSuite);
