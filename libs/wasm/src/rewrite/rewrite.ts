import type { DecodedModule } from '../inspect/decoded-module.js';
import type { ModuleLimits } from '../inspect/module-limits.js';
import { readModule } from '../inspect/module-reader.js';
import { codeSections } from './code-sections.js';
import { ModuleWriter } from './module-writer.js';
import { RewritePlan } from './plan.js';
import type { RewriteOptions, RewrittenModule } from './rewrite-options.js';

/**
 * Adds metering to a module: a count of instructions, a bound on the depth of calls and a budget of memory. Imports
 * and exports stay as they are for whoever links against them; what is added is exported under `$tenon.`. The start
 * function is not run by the engine any more but by {@link instantiate}.
 *
 * @throws WasmError when the module is malformed, crosses a limit or uses a feature that is refused. A module that the
 * engine would refuse for another reason (a type error in a body, say) is still refused by it afterwards.
 */
export function rewrite(bytes: Uint8Array, options: RewriteOptions = {}): RewrittenModule {
  return rewriteModule(readModule(bytes, options.limits as Partial<ModuleLimits>), options);
}

/** The second half of {@link rewrite}, for callers that have read the module already. */
export function rewriteModule(module: DecodedModule, options: RewriteOptions): RewrittenModule {
  const plan = new RewritePlan(module, options);
  const code = codeSections(plan);
  const bytes = new ModuleWriter(plan, code, options).write();
  return {
    bytes,
    summary: {
      counters: plan.importedCounters ? 'imported' : 'own',
      hasStart: module.start !== undefined,
      memoryBytesInitial: plan.memoryBytesInitial,
      bytesBefore: module.bytes.length,
      bytesAfter: bytes.length,
      functionsDefined: module.bodyStarts.length,
      functionsWrapped: plan.wrapped.reduce((sum, wrapped) => sum + wrapped, 0),
    },
  };
}
