import { bodyFlag, type DecodedModule } from '../inspect/decoded-module.js';

/** Calls that nobody can follow: through tables and references, and tail calls, which may be of either kind. */
const unknownCalls = bodyFlag.callsIndirect | bodyFlag.callsReference | bodyFlag.tailCalls;

const [unvisited, open] = [-1, -2];

/**
 * By defined function: the logical bytes of stack that it needs together with everything it calls, or more than `max`
 * when that is not known, because it may call itself, a host function, or what only a table or a reference names.
 */
export function stackNeeds(module: DecodedModule, max: number): Int32Array {
  const needs = new Int32Array(module.bodyStarts.length).fill(unvisited);
  const unknown = max + 1;
  for (let root = 0; root < needs.length; root++) if (needs[root] === unvisited) visit(module, root, needs, unknown);
  return needs;
}

/** Follows the calls from one function, without recursion of its own: the depth is the module's choice. */
function visit(module: DecodedModule, root: number, needs: Int32Array, unknown: number): void {
  const path: { readonly body: number; readonly calls: Uint32Array; next: number; deepest: number }[] = [];
  const enter = (body: number): void => {
    const isUnknown = ((module.bodyFlags[body] as number) & unknownCalls) !== 0;
    needs[body] = isUnknown ? unknown : open;
    path.push({ body, calls: isUnknown ? new Uint32Array(0) : module.calls.of(body), next: 0, deepest: 0 });
  };
  enter(root);
  for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
    const callee = at.calls[at.next];
    if (callee === undefined || at.deepest >= unknown) {
      if (needs[at.body] === open) {
        needs[at.body] = Math.min(unknown, at.deepest + (module.frameBytes[at.body] as number));
      }
      path.pop();
      continue;
    }
    const body = callee - module.importedFunctions;
    const need = body < 0 ? unknown : (needs[body] as number);
    if (need === unvisited) {
      enter(body);
      continue;
    }
    at.next++;
    at.deepest = Math.max(at.deepest, need === open ? unknown : need);
  }
}
