import type { Loop } from '../loop.js';
import type { LoopPolicy } from '../policy.js';
import { NodeLoop } from './node-loop.js';

let current: NodeLoop | undefined;

/** The default policy everywhere: one loop on `node:net` for the process, made on first use. */
export const nodePolicy: LoopPolicy = {
  name: 'node',
  getLoop(): Loop {
    if (current === undefined || current.isClosed) current = new NodeLoop();
    return current;
  },
  newLoop: (): Loop => new NodeLoop(),
};
