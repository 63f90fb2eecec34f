import * as z from 'zod';
import { invalid } from './errors.ts';

/**
 * The parameters of each action, with the constraints of the API reference. Other parameters of AWS (policies, data
 * types, patterns, intelligent tiering) are rejected, because ignoring them would let tests pass wrongly.
 */

const name = z.string().min(1).max(2048);

const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tag = z.strictObject({
  Key: z.string().min(1).max(128).regex(tagText),
  Value: z.string().max(256).regex(tagText),
});

const paging = { MaxResults: z.int().min(1).max(50).optional(), NextToken: z.string().optional() };
const onParameter = z.strictObject({ ResourceType: z.literal('Parameter'), ResourceId: name });

const filter = z.strictObject({
  Key: z.union([z.enum(['Name', 'Type']), z.templateLiteral(['tag:', z.string().min(1)])]),
  Option: z.enum(['Equals', 'BeginsWith', 'Contains']).optional(),
  Values: z.array(z.string().min(1).max(1024)).min(1).max(50).optional(),
});
export type Filter = z.infer<typeof filter>;

export const requests = {
  PutParameter: z.strictObject({
    Name: name,
    Value: z.string().min(1),
    Description: z.string().max(1024).optional(),
    Type: z.enum(['String', 'StringList', 'SecureString']).optional(),
    KeyId: z.string().min(1).max(256).optional(),
    Overwrite: z.boolean().optional(),
    Tags: z.array(tag).max(1000).optional(),
    Tier: z.enum(['Standard', 'Advanced']).optional(),
  }),
  GetParameter: z.strictObject({ Name: name, WithDecryption: z.boolean().optional() }),
  GetParameterHistory: z.strictObject({ Name: name, WithDecryption: z.boolean().optional(), ...paging }),
  DescribeParameters: z.strictObject({ ParameterFilters: z.array(filter).optional(), ...paging }),
  DeleteParameter: z.strictObject({ Name: name }),
  AddTagsToResource: onParameter.extend({ Tags: z.array(tag).max(1000) }),
  ListTagsForResource: onParameter,
};

export type Requests = { [Action in keyof typeof requests]: z.infer<(typeof requests)[Action]> };
export type TagInput = z.infer<typeof tag>;

/** Parses a body, or throws AWS's validation error. The message omits the value, which can be a secret. */
export const parseRequest = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `Value at '${issue.path.join('.')}': ${issue.message}`);
  throw invalid(
    `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected: ${problems.join('; ')}`,
  );
};
