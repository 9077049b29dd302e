import type { DocumentedOperation } from './document.js';

/** A small typed client over generated types, and one call per operation with what the document shows as its example. */
export function clientProgram(operations: readonly DocumentedOperation[]): string {
  return [prelude, ...operations.map(callOf)].join('\n');
}

const prelude = `import type { paths } from './api.js';

type Bodies<Operation> = Operation extends { requestBody: { content: infer Content } } ? Content[keyof Content] : undefined;
type Parameters<Operation> = Operation extends { parameters: { path: infer Path } } ? Path : undefined;
type Contents<Response> = Response extends { content: infer Content } ? Content[keyof Content] : undefined;
type Answers<Operation> = Operation extends { responses: infer Responses }
  ? { [Status in keyof Responses]: { status: Status; body: Contents<Responses[Status]> } }[keyof Responses]
  : never;

declare function call<Path extends keyof paths, Method extends keyof paths[Path]>(
  path: Path,
  method: Method,
  parameters: NonNullable<Parameters<paths[Path][Method]>> | undefined,
  body: Bodies<paths[Path][Method]>,
): Promise<Answers<paths[Path][Method]>>;
`;

function callOf({ path, method, operation, parameters, bodies }: DocumentedOperation): string {
  const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => [name, 'x'] as const);
  const request = bodies.find(({ where, type }) => where === 'request' && type.endsWith('json'));
  const hasBytes = request === undefined && bodies.some(({ where }) => where === 'request');
  const body = request === undefined ? (hasBytes ? "''" : 'undefined') : JSON.stringify(request.media.example);
  const given = inPath.length === 0 ? 'undefined' : JSON.stringify(Object.fromEntries(inPath));
  const success = Object.keys(operation.responses).find((status) => /^[23]/.test(status)) ?? '200';
  return [
    `export async function ${operation.operationId}() {`,
    `  const answer = await call(${JSON.stringify(path)}, ${JSON.stringify(method)}, ${given}, ${body});`,
    `  if (answer.status === ${success}) return answer.body;`,
    '  if (answer.status === 500) return answer.body.code;',
    '  return undefined;',
    '}',
  ].join('\n');
}
