import type { BuildRejection } from '@tenon/contracts';
import type { CoreFace, CoreImport } from './abi.js';

/** So many problems are named in one message; the rest are counted. */
const namedMax = 8;

/** Names come from an upload: they are quoted, shortened and stripped of control characters before a person reads them. */
export function printable(name: string): string {
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}

function listed(items: readonly string[]): string {
  const rest = items.length - namedMax;
  return rest > 0 ? `${items.slice(0, namedMax).join(', ')} and ${rest} more` : items.join(', ');
}

function describe({ module, name, kind }: CoreImport): string {
  return `${printable(module)}.${printable(name)} (${kind})`;
}

/** Refuses what an ABI does not offer: first names it has never heard of, then known functions of another type. */
export function allowListRejection(
  abi: string,
  imports: readonly CoreImport[],
  allowed: ReadonlyMap<string, string>,
): BuildRejection | undefined {
  const key = ({ module, name }: CoreImport): string => `${module}.${name}`;
  const unknown = imports.filter((entry) => entry.kind !== 'function' || !allowed.has(key(entry)));
  if (unknown.length > 0) {
    const found = listed(unknown.map(describe));
    return {
      code: 'unknown_import',
      message: `The module imports what ${abi} does not offer: ${found}.`,
      found,
      allowed: [...allowed.keys()].join(', '),
    };
  }
  const mistyped = imports.filter(
    (entry) => entry.signature !== undefined && entry.signature !== allowed.get(key(entry)),
  );
  if (mistyped.length === 0) return undefined;
  return {
    code: 'import_type_mismatch',
    message: `The module imports functions of ${abi} with another type: ${listed(mistyped.map(describe))}.`,
    found: listed(mistyped.map((entry) => `${key(entry)} ${signatureText(entry.signature ?? '')}`)),
    allowed: listed(mistyped.map((entry) => `${key(entry)} ${signatureText(allowed.get(key(entry)) ?? '')}`)),
  };
}

/** Refuses a module whose entry is not a function of the wanted type. */
export function exportRejection(face: CoreFace, name: string, signature: string): BuildRejection | undefined {
  const entry = face.exports.find((candidate) => candidate.name === name);
  if (entry?.kind === 'function' && (entry.signature === undefined || entry.signature === signature)) return undefined;
  const wanted = `${name} ${signatureText(signature)}`;
  if (entry === undefined) {
    return { code: 'missing_export', message: `The module exports no function ${name}.`, allowed: wanted };
  }
  return {
    code: 'export_type_mismatch',
    message: `The export ${name} has another type than the ABI calls.`,
    found: entry.kind === 'function' ? `${name} ${signatureText(entry.signature ?? '')}` : `${name} (${entry.kind})`,
    allowed: wanted,
  };
}

const typeNames: Readonly<Record<string, string>> = {
  i: 'i32',
  I: 'i64',
  f: 'f32',
  F: 'f64',
  v: 'v128',
  r: 'reference',
};

/** `ii:i` as `(i32, i32) -> (i32)`. */
export function signatureText(signature: string): string {
  const [parameters = '', results = ''] = signature.split(':');
  const names = (codes: string): string => [...codes].map((code) => typeNames[code] ?? code).join(', ');
  return `(${names(parameters)}) -> (${names(results)})`;
}
