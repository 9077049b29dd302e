/** Arrows point one way: apps -> libs; contracts imports nothing of ours; wasm imports only contracts. */
const ownLib = '^(libs/[^/]+)/';
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'libs-never-import-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'apps-never-import-each-other',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'contracts-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(apps|libs)/', pathNot: '^libs/contracts/' },
    },
    {
      name: 'wasm-imports-only-contracts',
      severity: 'error',
      from: { path: '^libs/wasm/src' },
      to: { path: '^(apps|libs)/', pathNot: '^libs/(wasm|contracts)/' },
    },
    {
      name: 'wasm-does-no-io',
      comment: 'What it may use of Node computes and reads nothing: vm makes the realm in which glue is evaluated.',
      severity: 'error',
      from: { path: '^libs/wasm/src' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|util|vm)$' },
    },
    {
      name: 'api-never-touches-tenant-code',
      comment: 'Tenant bytes are data to the api: it never compiles or runs them.',
      severity: 'error',
      from: { path: '^apps/api/src' },
      to: { path: '^libs/(wasm|sandbox)/' },
    },
    {
      name: 'no-deep-imports-between-libs',
      severity: 'error',
      from: { path: ownLib },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)', pathNot: '^$1/' },
    },
    {
      name: 'apps-use-the-front-door',
      severity: 'error',
      from: { path: '^apps/' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)' },
    },
    {
      name: 'production-code-needs-no-test-library',
      severity: 'error',
      from: { path: '^(apps|libs)/[^/]+/src', pathNot: '^libs/testing/' },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'no-dev-dependency-in-production-code',
      severity: 'error',
      from: { path: '^(apps|libs)/[^/]+/src', pathNot: '^libs/testing/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|generated)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'] },
  },
};
