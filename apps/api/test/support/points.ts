import type { TestApi } from './test-api.js';

/** An extension point whose input needs `total`, a number. */
export async function putPoint(api: TestApi, name: string, eventTypes: readonly string[]): Promise<void> {
  const inputSchema = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } };
  const payload = { inputSchema, outputSchema: { type: 'object' }, eventTypes };
  const answer = await api.request({
    method: 'PUT',
    url: `/v1/extension-points/${name}`,
    key: api.operatorKey,
    payload,
  });
  if (answer.statusCode !== 200) throw new Error(answer.body);
}
