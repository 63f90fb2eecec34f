import * as z from 'zod';
import type { Inputs } from '#shared/domain/blueprint/subject.ts';
import { fillTemplate, parseTemplate } from '#shared/domain/template.ts';

type Json = z.core.util.JSONType;

/** Fills one text. A text that is no valid template, which the loader refuses, stays as it is. */
const fillText = (text: string, inputs: Inputs): string => {
  const parsed = parseTemplate(text);
  if (!parsed.ok) return text;
  return fillTemplate(parsed.parts, ({ placeholder }) =>
    Object.hasOwn(inputs, placeholder) ? (inputs[placeholder] ?? '') : '',
  );
};

const fill = (value: Json, inputs: Inputs): Json => {
  if (typeof value === 'string') return fillText(value, inputs);
  if (Array.isArray(value)) return value.map((one) => fill(one, inputs));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, inputs)]));
};

const settingsSchema = z.record(z.string(), z.json());

/**
 * Fills the placeholders in all texts of a resource's settings. Braces in an input are not interpreted. Pure.
 */
export const fillResource = (settings: Readonly<Record<string, unknown>>, inputs: Inputs): Record<string, Json> =>
  Object.fromEntries(
    Object.entries(settingsSchema.parse(settings)).map(([setting, value]) => [
      setting,
      setting === 'type' ? value : fill(value, inputs),
    ]),
  );
