import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { WithoutMetricMath } from '#infra/emulated.ts';
import { EXAMPLES, loadExample, type Synthesis, synthesise } from './synthesis.ts';

const templateSchema = z.object({
  Resources: z.record(z.string(), z.looseObject({ Properties: z.record(z.string(), z.unknown()).default({}) })),
});
const resourcesOf = ({ template }: Synthesis) => templateSchema.parse(template.toJSON()).Resources;

const WATCHED = ['Metrics', 'MetricName', 'Namespace', 'Period', 'Statistic'];

describe.each(EXAMPLES)('the stack of %s for an emulator', (name) => {
  it('differs from the real one only in the metric of an alarm on metric math', () => {
    const config = loadExample(name);
    const real = resourcesOf(synthesise(config));
    const emulated = resourcesOf(synthesise(config, { aspects: [new WithoutMetricMath()] }));

    expect(Object.keys(emulated)).toEqual(Object.keys(real));
    for (const [id, { Properties: properties, ...rest }] of Object.entries(real)) {
      const { Properties: changed = {}, ...others } = emulated[id] ?? {};
      const hasMath = 'Metrics' in properties;
      expect(hasMath).toBe(/^Alarms(run|checkout|provisioning|rotation|export|directory)failed/.test(id));
      expect(others).toEqual(rest);
      expect(hasMath ? without(changed, WATCHED) : changed).toEqual(
        hasMath ? without(properties, WATCHED) : properties,
      );
      expect(changed).not.toHaveProperty('Metrics');
    }
  });
});

const without = (properties: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(properties).filter(([key]) => !names.includes(key)));
