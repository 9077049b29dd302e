import { types } from 'node:util';
import type { BuildRejection } from '@tenon/contracts';
import { printable } from '../abi/abi-rejection.js';
import { WasmError } from '../binary/wasm-error.js';

/** What the engine refuses, as the uploader sees it. @throws what is no WasmError: that would be a bug of ours. */
export function rejectionOf(error: unknown): BuildRejection {
  if (!(error instanceof WasmError)) throw error;
  const { code, message, offset, section, functionIndex, functionName, found, allowed } = error;
  return {
    code,
    message,
    ...(offset === undefined ? {} : { offset }),
    ...(section === undefined ? {} : { section: printable(section) }),
    ...(functionIndex === undefined ? {} : { functionIndex }),
    ...(functionName === undefined ? {} : { functionName: printable(functionName) }),
    ...(found === undefined ? {} : { found: printable(found) }),
    ...(allowed === undefined ? {} : { allowed }),
  };
}

const messageCharactersMax = 500;

/** V8 says what is wrong and where: `WebAssembly.Module(): Compiling function #1 failed: … @+37`. */
export function validationRejection(bytes: Uint8Array): BuildRejection | undefined {
  try {
    new WebAssembly.Module(bytes);
    return undefined;
  } catch (error) {
    const said = cleaned(types.isNativeError(error) ? error.message : String(error));
    const offset = /@\+(\d+)$/.exec(said)?.[1];
    const functionIndex = /function #(\d+)/.exec(said)?.[1];
    return {
      code: 'invalid_module',
      message: `The module is not valid WebAssembly: ${said.replace(/^WebAssembly\.Module\(\): /, '')}`,
      ...(offset === undefined ? {} : { offset: Number(offset) }),
      ...(functionIndex === undefined ? {} : { functionIndex: Number(functionIndex) }),
    };
  }
}

function cleaned(text: string): string {
  return text.slice(0, messageCharactersMax).replace(/\p{Cc}/gu, '\u{FFFD}');
}
