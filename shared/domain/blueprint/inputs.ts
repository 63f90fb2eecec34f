import type { Inputs } from '#shared/domain/blueprint/subject.ts';

/** Fills the placeholders of a resource. */
export const fillResource = (settings: object, inputs: Inputs): unknown =>
  JSON.parse(
    JSON.stringify(settings, (_key, value: unknown) =>
      typeof value === 'string' ? value.replace(/\{(\w[\w-]*)\}/g, (_, name: string) => inputs[name] ?? '') : value,
    ),
  );
