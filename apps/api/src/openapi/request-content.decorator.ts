import type { z } from 'zod';

/** A body that Nest's own decorators can't describe: several media types, or bytes. */
export type RequestContent = Readonly<Record<string, z.ZodType | 'bytes'>>;

const contents = new Map<string, RequestContent>();

/** Says which media types a handler reads and what each of them carries. */
export function ApiRequestContent(content: RequestContent): MethodDecorator {
  return (target, property) => {
    contents.set(operationIdOf(target.constructor.name, String(property)), content);
  };
}

/** `FunctionsController.create` is `functionsCreate`: what a generated client calls its method. */
export function operationIdOf(controller: string, method: string): string {
  const feature = controller.replace(/Controller$/, '');
  return feature.charAt(0).toLowerCase() + feature.slice(1) + method.charAt(0).toUpperCase() + method.slice(1);
}

export function requestContentOf(operationId: string): RequestContent | undefined {
  return contents.get(operationId);
}
