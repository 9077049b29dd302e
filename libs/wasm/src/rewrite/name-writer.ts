import { ByteWriter } from '../binary/byte-writer.js';
import type { RewritePlan } from './plan.js';

/** The names of the module and its functions; an inner function has the name of the function it came from. */
export function writeNames(plan: RewritePlan): Uint8Array {
  const { module } = plan;
  const out = new ByteWriter(4096);
  out.name('name');
  if (module.moduleName !== undefined) {
    const body = new ByteWriter(64);
    body.name(module.moduleName);
    writeSubsection(out, 0, body);
  }
  const names = [...module.functionNames].filter(([index]) => index < module.functionTypes.length);
  for (const [index, name] of names.slice()) {
    const inner = plan.innerIndex[index] as number;
    if (inner >= 0 && inner !== index) names.push([inner, name]);
  }
  names.sort(([a], [b]) => a - b);
  const body = new ByteWriter(4096);
  body.u32(names.length);
  for (const [index, name] of names) {
    body.u32(index);
    body.name(name);
  }
  writeSubsection(out, 1, body);
  return out.view();
}

function writeSubsection(out: ByteWriter, id: number, body: ByteWriter): void {
  out.u8(id);
  out.u32(body.pos);
  out.raw(body.bytes, 0, body.pos);
}
