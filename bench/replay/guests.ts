import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { activateWhenReady, type BenchStack, call, root, textField } from '../pipeline/stack.ts';
import { cart, customer, parcel } from './inputs.ts';

/** An example as it is listed in examples/index.json. */
interface Example {
  readonly name: string;
  readonly path: string;
  readonly extensionPoint: string;
  readonly rejection?: string;
  readonly outcome?: string;
}

/** Functions that get the same inputs. */
export interface Point {
  readonly name: string;
  readonly eventType: string;
  readonly input: (random: () => number) => object;
  readonly functions: readonly { readonly name: string; readonly version: string }[];
  /** Every run of it fails: its circuit would open, so that only tests of it run. */
  readonly failsAlways: boolean;
}

const inputs: Readonly<Record<string, (random: () => number) => object>> = {
  'cart.discounts': cart,
  'checkout.shipping': parcel,
  'checkout.greeting': customer,
};

/** Brings every example that builds to life, each as a function of the tenant, on a point for its kind of input. */
export async function startGuests(stack: BenchStack): Promise<readonly Point[]> {
  const text = await readFile(path.join(root, 'examples/index.json'), 'utf8');
  const examples = (JSON.parse(text) as Example[]).filter(({ rejection }) => rejection === undefined);
  const groups = Map.groupBy(examples, ({ extensionPoint, outcome }) => `${extensionPoint} ${outcome ?? ''}`);
  const points: Point[] = [];
  for (const [place, group] of [...groups.values()].entries()) {
    const [first] = group;
    if (first === undefined) continue;
    const name = `replay.point-${place}`;
    await call(`${stack.apiUrl}/v1/extension-points/${name}`, 'PUT', stack.operatorKey, {
      inputSchema: {},
      outputSchema: {},
      eventTypes: [name],
      mode: 'sync',
      // A machine that is busy with all of this must not end a run that would have gone on.
      limits: { deadlineMs: 10_000 },
    });
    const functions: { name: string; version: string }[] = [];
    for (const example of group) {
      functions.push({ name: example.name, version: await startGuest(stack, example, name) });
    }
    const input = inputs[first.extensionPoint] ?? cart;
    points.push({ name, eventType: name, input, functions, failsAlways: first.outcome !== undefined });
  }
  return points;
}

async function startGuest(stack: BenchStack, example: Example, extensionPoint: string): Promise<string> {
  const url = `${stack.apiUrl}/v1/functions`;
  await call(url, 'POST', stack.tenantKey, { name: example.name, extensionPoint });
  const version = await upload(stack, example.name, example.path);
  await activateWhenReady(`${url}/${example.name}/activate`, stack.tenantKey, version);
  return version;
}

/** @param file - below examples/ */
export async function upload(stack: BenchStack, functionName: string, file: string): Promise<string> {
  const module = new Uint8Array(await readFile(path.join(root, 'examples', file)));
  const url = `${stack.apiUrl}/v1/functions/${functionName}/versions`;
  return textField(await call(url, 'POST', stack.tenantKey, module), 'id');
}
