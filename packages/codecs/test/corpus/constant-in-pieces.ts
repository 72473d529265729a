import * as k from '../../src/index.js';
import type { WireCase } from './case.js';

export const constantInPieces: WireCase = {
  what: 'a constant that began at the end of a chunk waited for all its bytes before it looked at one',
  codec: k.struct({ v: k.u8, magic: k.constant('MILLRACE') }),
  wire: () => Uint8Array.of(1, 0xff, 0xff),
  code: 'ERR_CODECS_DECODE',
  noticedAt: 1,
};
