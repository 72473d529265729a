import type { Case } from './case.js';

export const payloadGivenAway: Case = {
  what: 'the reader went on reading in a carry that takePayload had handed over',
  frame: {
    typeBytes: 0,
    lengthBytes: 1,
    lengthIncludes: 'payload',
    maxFrameBytes: 256,
  },
  steps: [
    ['feed', '64 61616161616161616161616161616161616161616161616161616161616161616161616161616161'],
    ['takeFrame', false],
    [
      'feed',
      '616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161',
    ],
    ['takeFrame', true],
    ['takePayloadAndDetach'],
    ['readBytes', 0, ''],
    ['feed', '01 62'],
    ['takeFrame', true],
    ['readBytes', 1, '62'],
  ],
};
