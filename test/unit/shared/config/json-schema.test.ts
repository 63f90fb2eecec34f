import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildJsonSchema, buildMessageJsonSchema } from '#shared/config/json-schema.ts';

const ROOT = new URL('../../../../', import.meta.url);

const nodeSchema = z.looseObject({
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
  oneOf: z.array(z.unknown()).default([]),
  anyOf: z.array(z.unknown()).default([]),
  items: z.unknown().optional(),
  additionalProperties: z.unknown().optional(),
});

/** Paths of all properties without a description, at any depth. */
const undescribed = (schema: unknown, path = ''): string[] => {
  const { data: node } = nodeSchema.safeParse(schema);
  if (node === undefined) return [];
  const own = Object.entries(node.properties).flatMap(([name, property]) => {
    const here = `${path}.${name}`;
    const isDescribed = nodeSchema.parse(property).description !== undefined;
    return [...(isDescribed ? [] : [here]), ...undescribed(property, here)];
  });
  return [
    ...own,
    ...[...node.oneOf, ...node.anyOf, node.items, node.additionalProperties].flatMap((inner) =>
      undescribed(inner, path),
    ),
  ];
};

describe.each([
  ['relay.schema.json', buildJsonSchema],
  ['messages.schema.json', buildMessageJsonSchema],
])('the JSON schema %s', (name, build) => {
  it('is published as it is generated (run npm run schema to update it)', () => {
    const published: unknown = JSON.parse(readFileSync(new URL(name, ROOT), 'utf8'));
    expect(published).toEqual(build());
  });

  it('describes every field', () => {
    expect(undescribed(build())).toEqual([]);
  });
});

describe('the JSON schema of relay.yaml', () => {
  it('requires only keys without a default', () => {
    expect(buildJsonSchema()).toMatchObject({ required: ['connections', 'stores'] });
  });
});
