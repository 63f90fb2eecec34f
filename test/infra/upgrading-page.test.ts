import { expect, it } from 'vitest';
import { z } from 'zod';
import { tableBelow } from '#test/support/markdown-tables.ts';
import { FULL, loadExample, synthesise } from './synthesis.ts';

const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), DeletionPolicy: z.string().optional() })),
});

it('docs/upgrading.md names the resources that stay when the stack is deleted, and no others', () => {
  const { Resources: resources } = templateSchema.parse(synthesise(loadExample(FULL)).template.toJSON());
  const retained = Object.values(resources).filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain');
  const named = [...tableBelow('docs/upgrading.md', 'What is left').rows.values()].flatMap(
    ([type = '']) => /^`(AWS::\S+)`$/.exec(type)?.[1] ?? [],
  );
  expect(named.toSorted()).toEqual(retained.map(({ Type }) => Type).toSorted());
});
