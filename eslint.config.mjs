import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { layers, testOnly } from './layers.mjs';

/** Globals that read a clock or set a timer: only the host's TimerSource and the loops may. */
const clocks = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'performance',
];
const clockFiles = ['packages/timeouts/src/host-timer-source.ts', 'packages/loop-policy/src/node/**'];
const hostFolders = ['packages/loop-policy/src/node/**/*.ts', 'packages/postgres/src/platform/**/*.ts'];
const hostStrings = 'src/host-strings.ts';

const clockRules = {
  'no-restricted-globals': [
    'error',
    ...clocks.map((name) => ({ name, message: 'time comes from a TimerSource, see docs/adr/0005' })),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'time comes from a TimerSource, see docs/adr/0005' },
    { object: 'Math', property: 'random', message: 'randomness comes from the loop (Loop.fillRandom) or from a seed' },
    { object: 'process', property: 'hrtime', message: 'time comes from a TimerSource, see docs/adr/0005' },
  ],
};

const allowOnly = (names, who) => ({
  regex: `^@millrace/(?!(${[...names, 'nothing-else'].join('|')})(/|$))`,
  message: `${who} may import only: ${names.join(', ') || 'nothing'} (layers.mjs)`,
});
const noEscape = { regex: '^\\.\\./\\.\\./', message: 'no relative import out of the package' };
const noHost = {
  regex: '^node:',
  message: 'only loop-policy/src/node and postgres/src/platform reach the host, through process.getBuiltinModule',
};

const pureSyntax = [
  { selector: ':function[async=true]', message: 'a pure package is synchronous' },
  { selector: 'AwaitExpression, ForOfStatement[await=true]', message: 'a pure package is synchronous' },
];

/** One configuration block per package, made from its row of the table. */
const perPackage = Object.entries(layers).flatMap(([name, layer]) => {
  const src = `packages/${name}/src/**/*.ts`;
  const blocks = [
    {
      files: [src],
      ignores: [`packages/${name}/src/testing.ts`, `packages/${name}/src/testing/**`],
      rules: {
        'no-restricted-imports': [
          'error',
          { patterns: [allowOnly(layer.imports, name), noEscape, ...(layer.host ? [] : [noHost])] },
        ],
      },
    },
    {
      // Kits for tests assert with node:assert, so that any runner can use them.
      files: [`packages/${name}/src/testing.ts`, `packages/${name}/src/testing/**/*.ts`],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              allowOnly([name, ...layer.imports, 'testkit'], name),
              noEscape,
              { regex: '^node:(?!assert/strict$)', message: 'kits may use node:assert/strict only' },
            ],
          },
        ],
      },
    },
    {
      files: [`packages/${name}/test/**/*.ts`],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              allowOnly([name, ...layer.imports, ...testOnly], `${name}'s tests`),
              { regex: '^\\.\\./\\.\\./\\.\\./', message: 'no relative import out of the package' },
            ],
          },
        ],
      },
    },
  ];
  for (const folder of hostFolders.filter((path) => path.startsWith(`packages/${name}/`))) {
    // These reach the host by process.getBuiltinModule; they import its types only.
    blocks.push({
      files: [folder],
      rules: {
        'no-restricted-imports': 'off',
        '@typescript-eslint/no-restricted-imports': [
          'error',
          { patterns: [allowOnly(layer.imports, name), noEscape, { ...noHost, allowTypeImports: true }] },
        ],
      },
    });
  }
  if (layer.pure) {
    blocks.push({
      files: [src],
      ignores: [`packages/${name}/src/testing.ts`, `packages/${name}/src/testing/**`],
      rules: {
        'no-restricted-globals': [
          'error',
          ...[...clocks, 'Promise', 'queueMicrotask', 'process', 'crypto', 'fetch'].map((g) => ({
            name: g,
            message: `${name} is pure: no clock, no randomness, no promise, no host`,
          })),
          { name: 'Buffer', message: `only ${hostStrings} may detect Buffer` },
        ],
        'no-restricted-syntax': ['error', ...pureSyntax],
      },
    });
    // The one file that may find Buffer, as a fast path, and must work without it.
    blocks.push({
      files: [`packages/${name}/${hostStrings}`],
      rules: {
        'no-restricted-globals': [
          'error',
          ...[...clocks, 'Promise', 'queueMicrotask', 'process', 'crypto', 'fetch'].map((g) => ({
            name: g,
            message: `${name} is pure`,
          })),
        ],
      },
    });
  }
  return blocks;
});

export default defineConfig(
  globalIgnores([
    '**/dist/',
    '**/coverage/',
    '**/.turbo/',
    '**/.results/',
    '**/*.config.bundled_*.mjs',
    'bench/results/',
  ]),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // Sources have no `!`. An index into a typed array that was checked is `as number`: `?? 0` is a branch for nothing.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        setTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        clearTimeout: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: clockFiles.concat('packages/pgserver/**', 'packages/tooling/**'),
    rules: clockRules,
  },
  {
    // Tests may wait for the real host and look at anything.
    files: ['**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  ...perPackage,
);
