import * as z from 'zod';

const namesSchema = z.union([z.string().transform((name) => [name]), z.array(z.string())]);

/** Names of resources in a setting: one, or a list; none if the setting has another form. Pure. */
export const namesIn = (setting: unknown): readonly string[] => namesSchema.safeParse(setting).data ?? [];
