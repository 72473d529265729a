import * as k from '../../src/index.js';
import type { ValueCase } from './case.js';

export const delimiterInsideOfACharacter: ValueCase = {
  what: 'a character ended with the delimiter, and was written as if it had not',
  codec: k.utf8({ until: Uint8Array.of(0xa9) }),
  value: 'é',
};

export const delimiterOfALoneSurrogate: ValueCase = {
  what: 'a lone surrogate became the delimiter when it was written',
  codec: k.utf8({ until: '\ufffd' }),
  value: 'a\ud800',
};
