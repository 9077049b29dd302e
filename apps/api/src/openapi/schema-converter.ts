import { isDeepStrictEqual } from 'node:util';
import type { SwaggerDocumentOptions } from '@nestjs/swagger';
import { z } from 'zod';

type Converter = NonNullable<SwaggerDocumentOptions['standardSchemaConverter']>;

/**
 * Turns zod schemas into JSON Schema 2020-12, as OpenAPI 3.1 wants it; a schema with an id becomes a component. Two
 * different schemas under one name stop the boot: a generated client would get the wrong type for one of them.
 */
export function createSchemaConverter(): Converter {
  const components = new Map<string, unknown>();
  return (schema, { schemaType }) => {
    if (!(schema instanceof z.ZodType)) return undefined;
    const { $schema, $defs = {}, ...root } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: schemaType });
    for (const [name, definition] of Object.entries($defs)) {
      const known = components.get(name);
      if (known !== undefined && !isDeepStrictEqual(known, definition)) {
        throw new Error(`two different schemas are called ${name}; give one of them another id`);
      }
      components.set(name, definition);
    }
    return { schema: root, components: $defs };
  };
}
