import type { Codec } from './codec.js';
import { type AnyLayout, type Layout, layoutOf } from './layout.js';
import { Fixed } from './numbers.js';
import { type Source, generate, library } from './source.js';

/** Options of {@link compile}. */
export interface CompileOptions {
  /** Whether source is generated. Default: if the host allows it; a content security policy may forbid it. */
  readonly codegen?: boolean | undefined;
}

/** A codec may make another lazy codec each time it is asked: then the rest stays as it is. */
const MAX_LAYOUTS = 1000;

let compiledCount = 0;
let isGenerationAllowed: boolean | undefined;

/**
 * Makes the same codec, faster.
 *
 * Where the host allows it, source is generated for all structs and arrays in it; elsewhere they stay the closures that
 * they are. Values, errors and bytes are the same. What a {@link dependent} codec chooses is not compiled: its `choose`
 * may return codecs that are.
 *
 * @returns A codec of its own; the one that was given does not change.
 * @throws {EvalError} If `codegen` is true and the host forbids it.
 * @remarks Cost: tens of microseconds for each struct, and more when V8 optimizes it. Do it once per codec.
 */
export function compile<T>(codec: Codec<T>, { codegen = canGenerate() }: CompileOptions = {}): Codec<T> {
  if (!codegen) return layoutOf(codec);
  const { root, source } = prepare(codec);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- all that comes from outside is in string literals
  const run = new Function('library', 'layouts', source.text) as (...scope: unknown[]) => void;
  run(library, source.layouts);
  return root;
}

/** Returns the source that {@link compile} would run, to be read. It works where running it is forbidden, too. */
export function sourceOf(codec: Codec<unknown>): string {
  return prepare(codec).source.text;
}

function prepare<T>(codec: Codec<T>): { root: Layout<T>; source: Source } {
  const copies = new Map<unknown, AnyLayout>();
  const copyOf = (layout: AnyLayout): AnyLayout => {
    const known = copies.get(layout);
    if (known !== undefined || copies.size > MAX_LAYOUTS) return known ?? layout;
    const copy = layout.copy?.(copyOf) ?? layout;
    copies.set(layout, copy);
    return copy;
  };
  const original = layoutOf(codec) as AnyLayout;
  // The root gets a loop of its own, which a number that others use, too, must not have.
  const root: AnyLayout =
    original instanceof Fixed ? new Fixed(original.kind, original.littleEndian) : copyOf(original);
  // Asks all lazy codecs for their targets, in which there may be more of them: they come later in the map.
  for (const copy of copies.values()) copy.least();
  const source = generate(root, copies.values(), ++compiledCount);
  return { root: root as Layout<T>, source };
}

function canGenerate(): boolean {
  if (isGenerationAllowed === undefined) {
    try {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the question is whether it throws
      new Function('');
      isGenerationAllowed = true;
    } catch {
      isGenerationAllowed = false;
    }
  }
  return isGenerationAllowed;
}
