import { type Id, scopes } from '@tenon/contracts';
import { activateWhenReady, type BenchStack, call, textField } from '../pipeline/stack.ts';
import { spinGuest } from './spin-guest.ts';

/** A tenant with one live function of a known cost. */
export interface BenchTenant {
  readonly id: Id<'tenant'>;
  readonly key: string;
}

/** @param weight - of a plan of the tenant's own */
export async function createTenant(stack: BenchStack, instructions: number, weight = 1): Promise<BenchTenant> {
  const { apiUrl, operatorKey } = stack;
  const plan = `weight-${String(weight).replace('.', '-')}`;
  await call(`${apiUrl}/v1/plans/${plan}`, 'PUT', operatorKey, { quotas: { weight } });
  const tenant = await call(`${apiUrl}/v1/tenants`, 'POST', operatorKey, {
    name: `${instructions} instructions`,
    plan,
  });
  const id = textField(tenant, 'id') as Id<'tenant'>;
  const created = await call(`${apiUrl}/v1/tenants/${id}/keys`, 'POST', operatorKey, { name: 'bench', scopes });
  const key = textField(created, 'key');
  await call(`${apiUrl}/v1/functions`, 'POST', key, { name: 'spin', extensionPoint: 'cart.discounts' });
  const version = await call(`${apiUrl}/v1/functions/spin/versions`, 'POST', key, await spinGuest(instructions));
  await activateWhenReady(`${apiUrl}/v1/functions/spin/activate`, key, textField(version, 'id'));
  return { id, key };
}
