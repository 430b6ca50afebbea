/** Lint rules; those of the folder boundaries are made from the table in test/boundaries.ts. */
import { defineConfig, type OxlintOverride } from 'oxlint';
import { approvalMinters, boundaries, packageOwners } from './test/boundaries.ts';

const mintApproval = {
  group: ['**/approval.ts'],
  importNames: ['mintApproval'],
  message: "Only the engine's gate makes an approval: take one as an argument instead.",
};

function restrictedImports(folder: string, mayMint: boolean): NonNullable<OxlintOverride['rules']> {
  const { sees, seesTypesOf } = boundaries[folder] ?? { sees: [], seesTypesOf: [] };
  const unseen = Object.keys(boundaries).filter((other) => ![folder, ...sees, ...seesTypesOf].includes(other));
  const packages = Object.keys(packageOwners).filter((name) => packageOwners[name] !== folder);
  const patterns = [
    {
      regex: `^(?:${packages.map((name) => (name.endsWith('/') ? name : `${name}$`)).join('|')})`,
      message: `${folder}/ does not import this package: only the folder that owns it does (test/boundaries.ts).`,
    },
    {
      regex: `^(?:\\.\\./)+(?:(?:${unseen.join('|')})/|main\\.ts$|cli\\.ts$)`,
      message: `${folder}/ does not see this folder: see the direction in docs/architecture.md.`,
    },
    ...(seesTypesOf.length === 0
      ? []
      : [
          {
            regex: `^(?:\\.\\./)+(?:${seesTypesOf.join('|')})/`,
            allowTypeImports: true,
            message: `${folder}/ sees this folder as types only: use \`import type\` and have the value handed in.`,
          },
        ]),
    ...(mayMint ? [] : [mintApproval]),
  ];
  return { 'no-restricted-imports': ['error', { patterns }] };
}

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'node', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/only-throw-error': 'error',
    'typescript/return-await': ['error', 'error-handling-correctness-only'],
    // Foreign data is parsed with zod; what is left are narrowings that tsc already demands to be spelled out.
    'typescript/no-unsafe-type-assertion': 'off',
    // tsc's noImplicitReturns says it better: it knows which switches are exhaustive.
    'consistent-return': 'off',
    'no-shadow': 'off',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'node/no-process-env': 'error',
    'unicorn/prefer-node-protocol': 'error',
    // A second argument says what was expected of which case.
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
    // Expectations shared by many tests stand in functions of their own.
    'vitest/no-standalone-expect': 'off',
    'vitest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'assert*', 'fc.assert'] }],
    'vitest/no-conditional-expect': 'off',
    // `fc.assert` and `fc.property` are how fast-check is written everywhere.
    'import/no-named-as-default-member': 'off',
    // Interfaces here are bundles of functions made by factories; `this` stands in the few classes alone.
    'typescript/unbound-method': 'off',
    // Terminal colours and what hosts print are stripped here.
    'no-control-regex': 'off',
    eqeqeq: 'error',
    'no-console': 'error',
    'no-param-reassign': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'max-lines': ['error', { max: 300 }],
    'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
  },
  overrides: [
    ...Object.keys(boundaries).map((folder) => ({ files: [`src/${folder}/**`], rules: restrictedImports(folder, false) })),
    // A procedure is one list of steps, to be read from top to bottom.
    {
      files: ['src/procedures/**'],
      rules: { 'max-lines-per-function': ['error', { max: 120, skipBlankLines: true, skipComments: true }] },
    },
    { files: approvalMinters, rules: restrictedImports('engine', true) },
    { files: ['src/main.ts', 'src/cli.ts'], rules: { 'no-restricted-imports': ['error', { patterns: [mintApproval] }] } },
    { files: ['src/config/**', 'test/**', 'scripts/**'], rules: { 'node/no-process-env': 'off' } },
    {
      files: ['test/**', 'scripts/**'],
      rules: { 'max-lines-per-function': 'off', 'no-console': 'off', 'unicorn/consistent-function-scoping': 'off' },
    },
    { files: ['*.config.ts', 'scripts/summary-reporter.mjs'], rules: { 'import/no-default-export': 'off', 'node/no-process-env': 'off' } },
  ],
});
