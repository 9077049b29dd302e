export { canonicalJson } from './compatibility/canonical-json.js';
export { type ContractChange, contractBreaks } from './compatibility/contract-breaks.js';
export { compileDataSchema, type DataSchema, pointSchemaBounds, settingsSchemaBounds } from './compile.js';
export type { SchemaBounds } from './schema-bounds.js';
