import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { buildDirectoryJsonSchema, buildJsonSchema, buildMessageJsonSchema } from '#shared/config/json-schema.ts';

const ROOT = new URL('../../../../', import.meta.url);

const nodeSchema = z.looseObject({
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
  oneOf: z.array(z.unknown()).default([]),
  anyOf: z.array(z.unknown()).default([]),
  items: z.unknown().optional(),
  additionalProperties: z.unknown().optional(),
  required: z.array(z.string()).default([]),
  examples: z.array(z.unknown()).default([]),
  enum: z.array(z.unknown()).default([]),
  const: z.unknown().optional(),
});

/** True if a message can show an example: that of the field, or one from its parts. */
const hasExample = (schema: unknown): boolean => {
  const { data: node } = nodeSchema.safeParse(schema);
  if (node === undefined) return false;
  const hasWord = node.const !== undefined || node.enum.length > 0 || node.examples.length > 0;
  const hasMap = node.required.length > 0 && node.required.every((name) => hasExample(node.properties[name]));
  return hasWord || hasMap || [...node.oneOf, ...node.anyOf, node.items].some(hasExample);
};

/** Paths of the required properties and the unions for which a message cannot show an example, at any depth. */
const withoutExample = (schema: unknown, path = ''): string[] => {
  const { data: node } = nodeSchema.safeParse(schema);
  if (node === undefined) return [];
  const own = Object.entries(node.properties).flatMap(([name, property]) => {
    const here = `${path}.${name}`;
    const { oneOf, anyOf } = nodeSchema.parse(property);
    const needsOne = node.required.includes(name) || oneOf.length + anyOf.length > 0;
    return [...(needsOne && !hasExample(property) ? [here] : []), ...withoutExample(property, here)];
  });
  return [
    ...own,
    ...[...node.oneOf, ...node.anyOf, node.items, node.additionalProperties].flatMap((inner) =>
      withoutExample(inner, path),
    ),
  ];
};

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
  ['directory.schema.json', buildDirectoryJsonSchema],
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
  it('has an example of every required setting and of every union, except of whole sections', () => {
    expect(withoutExample(buildJsonSchema())).toEqual(['.connections', '.provisioning.resources']);
  });

  it('requires only keys without a default', () => {
    expect(buildJsonSchema()).toMatchObject({ required: ['connections'] });
  });
});
