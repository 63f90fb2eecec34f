import * as z from 'zod';
import { runSchema } from '#shared/workflows/run.ts';
import type { Step } from '#shared/workflows/step.ts';

/** Shared by all workflows: it knows a rule by its name and opens nothing. */
export const authenticate = {
  folder: 'authenticate',
  input: runSchema,
  /** That signing in works, and until when; never the token. */
  output: z.object({ connection: z.string(), expiresAt: z.string().nullable() }),
  seconds: 120,
  memoryMb: 512,
  grants: () => [{ to: 'sign-in' }],
} as const satisfies Step;
