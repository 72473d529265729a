import { describe, expect, test } from 'vitest';
import { everyProgram } from '../src/index.js';

const write = (programs: Iterable<string[][]>): string[] =>
  Array.from(programs, (tasks) => tasks.map((steps) => steps.join('')).join('|'));

describe('everyProgram', () => {
  test('yields small programs first, and each once', () => {
    expect(write(everyProgram(['x', 'y'], { operations: 2, tasks: 2 }))).toEqual([
      'x',
      'y',
      'xx',
      'xy',
      'yx',
      'yy',
      'x|x',
      'x|y',
      'y|y',
    ]);
    expect(write(everyProgram(['x'], { operations: 4, tasks: 3 }))).toEqual([
      'x',
      'xx',
      'x|x',
      'xxx',
      'xx|x',
      'x|x|x',
      'xxxx',
      'xxx|x',
      'xx|xx',
      'xx|x|x',
    ]);
  });

  test('yields what is left of all ways to write tasks when their order does not count', () => {
    const letters = ['p', 'q', 'r'];
    const words = (length: number): string[] =>
      length === 0 ? [''] : words(length - 1).flatMap((word) => letters.map((letter) => word + letter));
    const upTo4 = [1, 2, 3, 4].flatMap(words);
    const byHand = new Set<string>();
    for (const a of upTo4) {
      for (const b of ['', ...upTo4]) {
        for (const c of ['', ...upTo4]) {
          if (a.length + b.length + c.length > 4) continue;
          byHand.add(
            [a, b, c]
              .filter((word) => word !== '')
              .toSorted()
              .join('|'),
          );
        }
      }
    }
    const programs = Array.from(everyProgram(letters, { operations: 4, tasks: 3 }), (tasks) =>
      tasks
        .map((steps) => steps.join(''))
        .toSorted()
        .join('|'),
    );
    expect(programs).toHaveLength(byHand.size);
    expect(new Set(programs)).toEqual(byHand);
  });

  test('refuses an empty alphabet and sizes below one', () => {
    expect(() => everyProgram([], { operations: 1, tasks: 1 })).toThrow('expected an alphabet with at least one step');
    expect(() => everyProgram(['x'], { operations: 0, tasks: 1 })).toThrow('expected operations to be an integer');
    expect(() => everyProgram(['x'], { operations: 1, tasks: 1.5 })).toThrow('expected tasks to be an integer');
  });
});
