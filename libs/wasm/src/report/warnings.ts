import { componentMemoryBytesMax, defaultExecutionLimits } from '@tenon/contracts';
import type { DecodedModule } from '../inspect/decoded-module.js';
import type { ReportFacts } from './report-facts.js';

export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** A warning at four fifths of a limit leaves room to act before an upload is refused. */
const closeShare = 0.8;

function bytesOf(modules: readonly DecodedModule[], isCounted: (name: string) => boolean): number {
  const sections = modules.flatMap(({ sections: all }) =>
    all.filter(({ id, name }) => id === 0 && isCounted(name ?? '')),
  );
  return sections.reduce((sum, { head, end }) => sum + end - head, 0);
}

function debugWarning({ modules }: ReportFacts): Warning | undefined {
  const bytes = bytesOf(modules, (name) => name.startsWith('.debug_') || name === 'sourceMappingURL');
  if (bytes === 0) return undefined;
  return {
    code: 'debug_info_shipped',
    message: `The upload carries ${bytes.toLocaleString('en-US')} bytes of debug information that Tenon does not use; strip it.`,
  };
}

function namesWarning({ modules }: ReportFacts): Warning | undefined {
  if (modules.some(({ functionNames }) => functionNames.size > 0)) return undefined;
  return {
    code: 'names_missing',
    message: 'The upload has no function names, so backtraces show numbers; keep the name section.',
  };
}

function sizeWarning({ upload, uploadBytesMax }: ReportFacts): Warning | undefined {
  if (upload.length < uploadBytesMax * closeShare) return undefined;
  const share = Math.round((upload.length / uploadBytesMax) * 100);
  return {
    code: 'size_close_to_limit',
    message: `The upload takes ${share} % of the ${uploadBytesMax} bytes it may have.`,
  };
}

function memoryWarning({ abi, memoryBytesInitial }: ReportFacts & { memoryBytesInitial: number }): Warning | undefined {
  const max = abi === 'component' ? componentMemoryBytesMax : defaultExecutionLimits.memoryBytesMax;
  if (memoryBytesInitial < max * closeShare) return undefined;
  const starts = memoryBytesInitial.toLocaleString('en-US');
  return {
    code: memoryBytesInitial > max ? 'memory_over_default' : 'memory_close_to_limit',
    message: `The function starts with ${starts} bytes of memory; the default limit is ${max.toLocaleString('en-US')}.`,
  };
}

/** What an uploader should know although the upload was accepted. */
export function warningsFor(facts: ReportFacts & { readonly memoryBytesInitial: number }): Warning[] {
  const warnings = [debugWarning(facts), namesWarning(facts), sizeWarning(facts), memoryWarning(facts)];
  return warnings.filter((warning) => warning !== undefined);
}
