import { describe, expect, test } from 'vitest';
import { parseOptions } from '../src/options.js';

describe('parseOptions', () => {
  test('lets each benchmark choose its rounds unless told otherwise', () => {
    expect(parseOptions([])).toEqual({
      only: '',
      list: false,
      full: false,
      rounds: undefined,
      json: undefined,
      markdown: undefined,
    });
  });

  test('reads what follows the separator that package managers hand on', () => {
    const args = [
      '--',
      '--only',
      'micro',
      '--rounds',
      '21',
      '--json',
      'a.json',
      '--markdown=b.md',
      '--list',
      '--by=cpu',
      '--full',
    ];
    expect(parseOptions(args)).toEqual({
      only: 'micro',
      rounds: 21,
      json: 'a.json',
      markdown: 'b.md',
      list: true,
      full: true,
      by: 'cpu',
    });
  });

  test.each(['0', '-1', '1.5', 'many'])('rejects %s rounds', (rounds) => {
    expect(() => parseOptions([`--rounds=${rounds}`])).toThrow(`expected --rounds to be 1 or more, got ${rounds}`);
  });

  test('rejects what it cannot compare by', () => {
    expect(() => parseOptions(['--by', 'hand'])).toThrow('expected --by to be time or cpu, got hand');
  });

  test('rejects an option that it does not know', () => {
    expect(() => parseOptions(['--onyl', 'micro'])).toThrow("Unknown option '--onyl'");
  });
});
