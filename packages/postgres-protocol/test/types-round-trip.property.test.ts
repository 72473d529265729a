import { seededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { randomValues } from './fixtures/random-values.js';
import { decodeValue, encodeValue } from './fixtures/value-wire.js';

describe.each(randomValues)('$typeName', ({ typeOid, arrayOid, make }) => {
  test('values are what they were after encoding and decoding', () => {
    const seed = 1000 + typeOid;
    const random = seededRandom(seed);
    for (let round = 0; round < 3000; round++) {
      const value = make(random);
      expect(decodeValue(typeOid, encodeValue(typeOid, value)), `seed ${seed}, round ${round}`).toStrictEqual(value);
    }
  });

  test('arrays are what they were, with NULLs and in any number of dimensions', () => {
    const seed = 2000 + arrayOid;
    const random = seededRandom(seed);
    for (let round = 0; round < 200; round++) {
      // Arrays of json have one dimension when they were made in JavaScript.
      const sizes = Array.from({ length: arrayOid === 199 || arrayOid === 3807 ? 1 : random.int(1, 4) }, () =>
        random.int(1, 4),
      );
      const nested = (depth: number): unknown => {
        if (depth === sizes.length) return random.int(0, 4) === 0 ? null : make(random);
        return Array.from({ length: sizes[depth]! }, () => nested(depth + 1));
      };
      const array = nested(0);
      expect(decodeValue(arrayOid, encodeValue(arrayOid, array)), `seed ${seed}, round ${round}`).toStrictEqual(array);
    }
  });
});
