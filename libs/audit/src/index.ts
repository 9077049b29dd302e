export * from './append.js';
export * from './audit-entry.js';
export * from './canonical-json.js';
export { hashOf, type LinkOptions, linkAfter, toEntry, toRecord } from './chain.js';
export {
  type ExportHeader,
  entryLine,
  exportFormat,
  headerLine,
  readEntryLine,
  readHeaderLine,
} from './export-format.js';
export { linesOf } from './lines.js';
export { AuditSeals } from './seals.js';
export * from './verify.js';
export { type ExportVerification, type ExportVerifierOptions, verifyExport } from './verify-export.js';
