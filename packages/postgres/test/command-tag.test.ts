import { expect, test } from 'vitest';
import { parseCommandTag } from '../src/command-tag.js';

test.each([
  ['SELECT 5', 'SELECT', 5],
  ['INSERT 0 3', 'INSERT', 3],
  ['INSERT 12345 1', 'INSERT', 1],
  ['CREATE TABLE', 'CREATE TABLE', 0],
  ['DISCARD ALL', 'DISCARD ALL', 0],
  ['', '', 0],
])('reads the tag %j', (tag, command, count) => {
  expect(parseCommandTag(tag)).toEqual({ command, count });
});
