import type { BuildRejection, BuildResult } from '@tenon/contracts';
import { allowListRejection } from '../../abi/abi-rejection.js';
import type { ComponentEntry } from '../../abi/component/component-types.js';
import { wasiP2Names } from '../../abi/component/wasi-p2/wasi-p2.js';
import type { BuildLimits } from '../../artifact/artifact-key.js';
import { type PartSource, packArtifact } from '../../artifact/pack-artifact.js';
import { sha256Hex } from '../../artifact/sha256.js';
import type { DecodedModule } from '../../inspect/decoded-module.js';
import { readModule } from '../../inspect/module-reader.js';
import { writeReport } from '../../report/report.js';
import { type MeteredCore, meterCore } from '../meter-core.js';
import { rejectionOf, validationRejection } from '../wasm-rejection.js';
import { componentEntry } from './component-entry.js';
import { scanComponent } from './component-scan.js';
import { glueBytesMax, scriptFrom, takenNameRejection, unsafeNameRejection } from './glue.js';
import { type Transpiled, transpile } from './transpile.js';

interface Core {
  readonly name: string;
  readonly module: DecodedModule;
  readonly metered: MeteredCore;
}

const rejected = (rejection: BuildRejection): BuildResult => ({ status: 'rejected', rejection });

function checkedCores({ coreModules }: Transpiled): Core[] | BuildRejection {
  try {
    return coreModules.map(({ name, bytes }, ordinal) => {
      const module = readModule(bytes);
      return { name, module, metered: meterCore(module, name, ordinal, 'imported') };
    });
  } catch (error) {
    return rejectionOf(error);
  }
}

/** jco leaves the versions out of import names: any 0.2 is served by the same functions. */
function importRejection(imports: readonly string[]): BuildRejection | undefined {
  const wanted = imports.map((name) => ({ module: name, name: 'interface', kind: 'function' }));
  const allowed = new Map(wasiP2Names.map((name) => [`${name}.interface`, '']));
  const rejection = allowListRejection('WASI 0.2', wanted, allowed);
  if (rejection === undefined) return undefined;
  const unknown = imports.filter((name) => !wasiP2Names.includes(name));
  return {
    ...rejection,
    message: `The component imports interfaces that Tenon does not offer: ${rejection.found ?? ''}.`.replaceAll(
      '.interface (function)',
      '',
    ),
    found: unknown.slice(0, 16).join(', '),
    allowed: wasiP2Names.join(', '),
  };
}

function brokenMetering(cores: readonly Core[]): BuildResult | undefined {
  for (const { name, metered } of cores) {
    const broken = validationRejection(metered.bytes);
    if (broken !== undefined) return { status: 'failed', message: `Metering broke ${name}. ${broken.message}` };
  }
  return undefined;
}

function pack(bytes: Uint8Array, script: string, cores: readonly Core[], entry: ComponentEntry): Uint8Array {
  const encoder = new TextEncoder();
  const parts: PartSource[] = cores.map(({ name, metered: { bytes: code, memoryBytesInitial } }) => ({
    kind: 'core',
    name,
    bytes: code,
    memoryBytesInitial,
  }));
  const debug = JSON.stringify({ modules: cores.map(({ metered }) => metered.debug) });
  parts.push({ kind: 'glue', name: 'glue', bytes: encoder.encode(script) });
  parts.push({ kind: 'debug', name: 'debug', bytes: encoder.encode(debug) });
  return packArtifact(
    {
      abi: 'component',
      entry: entry.path.join('.'),
      moduleSha256: sha256Hex(bytes),
      details: { entry },
    },
    parts,
  );
}

const reasons: Readonly<Record<ComponentEntry['style'], string>> = {
  text: 'It is a component; its function takes and returns a string, which carries JSON.',
  typed: 'It is a component; the input is mapped to the types of its function.',
  command: 'It is a component that exports wasi:cli/run; JSON goes through its standard input and output.',
};

/** Builds a component: transpiled by jco, every core module metered with shared counters, the glue made a script. */
export async function buildComponent(bytes: Uint8Array, limits: BuildLimits): Promise<BuildResult> {
  const scanned = scanComponent(bytes);
  if (scanned !== undefined) return rejected(scanned);
  const result = await transpile(bytes);
  if (result.status === 'broken') return { status: 'failed', message: result.message };
  if (result.status === 'refused') {
    return rejected({ code: 'invalid_component', message: `The component can't be taken apart: ${result.message}` });
  }
  const { transpiled } = result;
  const unknown = importRejection(transpiled.imports);
  if (unknown !== undefined) return rejected(unknown);
  const cores = checkedCores(transpiled);
  if (!Array.isArray(cores)) return rejected(cores);
  const modules = cores.map(({ module }) => module);
  const refused =
    unsafeNameRejection(modules, [...transpiled.imports, ...transpiled.exports]) ??
    takenNameRejection(transpiled.exports);
  if (refused !== undefined) return rejected(refused);
  if (transpiled.glue.length > glueBytesMax) {
    return rejected({
      code: 'glue_bytes_limit',
      message: 'The component needs more code between its modules than Tenon allows.',
      found: `${transpiled.glue.length} characters`,
      allowed: `${glueBytesMax} characters`,
    });
  }
  const entry = componentEntry(transpiled.declarations);
  if ('code' in entry) return rejected(entry);
  const script = scriptFrom(transpiled.glue);
  if (script === undefined) return { status: 'failed', message: 'The transpiler wrote glue of an unknown shape.' };
  const broken = brokenMetering(cores);
  if (broken !== undefined) return broken;
  const artifact = pack(bytes, script, cores, entry);
  const report = writeReport({
    abi: 'component',
    abiReason: reasons[entry.style],
    upload: bytes,
    artifactBytes: artifact.length,
    meteringBytesAdded: cores.reduce((sum, { metered }) => sum + metered.bytesAdded, 0),
    modules: modules.toSorted((a, b) => b.bytes.length - a.bytes.length),
    uploadBytesMax: limits.componentBytesMax,
    face: {
      imports: transpiled.imports.map((name) => ({ module: name, name: '*', kind: 'interface' })),
      exports: transpiled.exports.map((name) => ({ name, kind: 'function' })),
    },
  });
  return { status: 'ready', artifact, report };
}
