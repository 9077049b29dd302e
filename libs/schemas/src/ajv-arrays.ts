import { _, type Ajv2020, type CodeKeywordDefinition, type KeywordCxt, str } from 'ajv/dist/2020.js';
import { mergeEvaluated, Type } from 'ajv/dist/compile/util.js';

/**
 * `prefixItems` and `contains` in place of those of Ajv 8.20, which write code that reads a variable nobody set:
 * - for an array shorter than `prefixItems`, all rules for arrays that come after it were skipped;
 * - below `items` or `additionalProperties`, an empty array passed `contains` where the value before it had passed.
 */
export function mendArrayKeywords(ajv: Ajv2020): Ajv2020 {
  for (const definition of [prefixItems, contains])
    ajv.removeKeyword(String(definition.keyword)).addKeyword(definition);
  return ajv;
}

const prefixItems: CodeKeywordDefinition = {
  keyword: 'prefixItems',
  type: 'array',
  schemaType: ['array'],
  before: 'uniqueItems',
  code(cxt) {
    const { gen, data, it } = cxt;
    const schemas: readonly unknown[] = cxt.schema;
    if (it.items !== true) it.items = mergeEvaluated.items(gen, schemas.length, it.items);
    for (const index of schemas.keys()) {
      const valid = gen.var('valid', true);
      gen.if(_`${data}.length > ${index}`, () => {
        cxt.subschema({ keyword: 'prefixItems', schemaProp: index, dataProp: index }, valid);
      });
      cxt.ok(valid);
    }
  },
};

const contains: CodeKeywordDefinition = {
  keyword: 'contains',
  type: 'array',
  schemaType: ['object', 'boolean'],
  before: 'uniqueItems',
  trackErrors: true,
  error: {
    message: ({ params: { min, max } }) =>
      max === undefined
        ? str`must contain at least ${min} valid item(s)`
        : str`must contain at least ${min} and no more than ${max} valid item(s)`,
  },
  code(cxt) {
    const { gen, data, it } = cxt;
    const { min, max } = containsBounds(cxt);
    cxt.setParams({ min, max });
    it.items = true;
    const found = gen.let('found', 0);
    gen.forRange('i', 0, _`${data}.length`, (index) => {
      const valid = gen.name('valid');
      cxt.subschema({ keyword: 'contains', dataProp: index, dataPropType: Type.Num, compositeRule: true }, valid);
      gen.if(valid, () => {
        gen.code(_`${found}++`);
        if (max === undefined) gen.if(_`${found} >= ${min}`, () => gen.break());
      });
    });
    cxt.result(max === undefined ? _`${found} >= ${min}` : _`${found} >= ${min} && ${found} <= ${max}`, () =>
      cxt.reset(),
    );
  },
};

function containsBounds({ parentSchema }: KeywordCxt): { min: number; max: number | undefined } {
  const { minContains = 1, maxContains } = parentSchema as { minContains?: number; maxContains?: number };
  return { min: minContains, max: maxContains };
}
