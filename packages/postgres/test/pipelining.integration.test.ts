import { runAgainstServer } from './real-setting.js';
import { pipeliningSuite } from './suite/pipelining.js';

runAgainstServer(pipeliningSuite);
