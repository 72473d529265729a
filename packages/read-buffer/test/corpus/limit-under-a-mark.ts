import type { Case } from './case.js';

export const limitUnderAMark: Case = {
  what: 'short chunks went past maxBufferedBytes while a mark kept bytes that were read',
  maxBufferedBytes: 20,
  steps: [
    ['feedBorrowed', '00010203040506070809'],
    ['endBorrow'],
    ['mark'],
    ['skip', 10],
    ['feed', '0a0b0c0d0e0f'],
    ['skip', 6],
    ['feed', '10111213'],
    ['skip', 4],
    ['throws', 'ERR_READ_BUFFER_OVERFLOW', 'feed', '14'],
    ['rollback'],
    ['readBytes', 20, '000102030405060708090a0b0c0d0e0f10111213'],
  ],
};
