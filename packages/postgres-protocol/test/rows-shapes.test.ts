import { expect, test } from 'vitest';
import { column, dataRow, decode, int4, text } from './rows-samples.js';

const utf8 = new TextEncoder();

test.each([true, false])('rows are objects, one property for each column (generated: %s)', (generate) => {
  const columns = [column('n', int4), column('s', text)];
  const { batches } = decode(
    columns,
    { shape: 'objects', generate },
    dataRow([Uint8Array.of(0, 0, 0, 7), utf8.encode('seven')]),
    dataRow([null, null]),
  );
  expect(batches).toEqual([[{ n: 7, s: 'seven' }], [{ n: null, s: null }]]);
});
