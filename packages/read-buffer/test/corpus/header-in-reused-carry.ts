import type { Case } from './case.js';

export const headerInReusedCarry: Case = {
  what: 'the header of a frame was joined in the memory of the last carry, of which a view was out',
  frame: {
    typeBytes: 1,
    lengthBytes: 4,
    lengthIncludes: 'length',
    maxFrameBytes: 1024,
  },
  steps: [
    ['feed', '01 00000006 61'],
    ['takeFrame', false],
    ['feed', '62 02 0000'],
    ['feed', '0006 6364'],
    ['takeFrame', true],
    ['viewBytes', 2, '6162'],
    ['takeFrame', true],
    ['readBytes', 2, '6364'],
  ],
};
