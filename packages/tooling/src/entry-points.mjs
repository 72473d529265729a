/**
 * The entry points of a package, the main one first, as a program meets them that sets no condition of its own.
 *
 * @param {{ name: string, exports: Record<string, unknown> }} manifest
 * @returns {{ path: string, specifier: string, target: string }[]} `path` as in `exports`, `specifier` as in an import,
 * `target` as a file of the package; what is not code (`./package.json`) is left out
 */
export function entryPoints({ name, exports }) {
  return Object.entries(exports)
    .map(([path, target]) => ({ path, specifier: name + path.slice(1), target: defaultTarget(target) }))
    .filter(({ target }) => target?.endsWith('.js'));
}

function defaultTarget(target) {
  return typeof target === 'string' ? target : target.default === undefined ? undefined : defaultTarget(target.default);
}
